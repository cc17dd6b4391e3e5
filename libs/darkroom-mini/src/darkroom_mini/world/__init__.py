"""Draws the scenes that the model learns from. Needs Pillow and NumPy; knows nothing of captions or training."""
