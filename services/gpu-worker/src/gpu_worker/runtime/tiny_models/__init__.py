"""Models with the true architecture of SDXL, WAN 2.1 and Qwen 2.5 and random weights of a few megabytes. They draw noise."""
