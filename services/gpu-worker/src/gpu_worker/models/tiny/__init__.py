"""SDXL, WAN 2.1 and Qwen 2.5 in their true architecture, with a few megabytes of random weights. They draw noise."""
