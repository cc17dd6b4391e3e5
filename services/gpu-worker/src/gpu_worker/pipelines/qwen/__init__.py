"""Qwen 2.5: turns short prompts into detailed ones."""
