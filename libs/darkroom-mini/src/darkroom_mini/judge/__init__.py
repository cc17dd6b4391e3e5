"""Judges pictures without knowing how they were made. It shares no code with the training."""
