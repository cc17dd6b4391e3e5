"""Runs steps from the queue on a GPU or a CPU: images, videos and prompt enhancement."""

VERSION = "0.1.0"
