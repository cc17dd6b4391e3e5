"""Builds models of the SDXL, WAN 2.1 and Qwen 2.5 architectures with random weights. Their outputs are noise."""
