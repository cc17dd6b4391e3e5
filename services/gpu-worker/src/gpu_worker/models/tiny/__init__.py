"""Builds models with random weights, and the tokenizers of those whose families share one."""
