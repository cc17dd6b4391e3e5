"""Darkroom's own small image model: its weights, the world that it draws, and how it is trained."""
