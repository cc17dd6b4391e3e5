"""Trains the model on scenes of the world: latents, text encoders, autoencoder and denoiser, each on its own."""
