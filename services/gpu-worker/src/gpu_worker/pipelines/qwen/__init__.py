"""Qwen 2.5: short prompts made long."""
