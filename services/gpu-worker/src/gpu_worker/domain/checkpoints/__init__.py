"""Checkpoint files: what a file is, by its first bytes and the names of its tensors."""
