"""The model families: each runs unmodified diffusers or transformers pipelines as a list of stages."""
