"""Runs steps on a GPU, and on a laptop without one: SDXL, WAN 2.1 and Qwen behind one queue."""

VERSION = "0.1.0"
