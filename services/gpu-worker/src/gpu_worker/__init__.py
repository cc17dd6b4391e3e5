"""Runs steps from the queue on a GPU or a CPU: SDXL images, WAN 2.1 videos and Qwen prompt enhancement."""

VERSION = "0.1.0"
