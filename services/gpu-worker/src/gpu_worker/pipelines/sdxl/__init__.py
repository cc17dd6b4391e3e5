"""SDXL: batches of images."""
