"""SDXL: batches of still pictures."""
