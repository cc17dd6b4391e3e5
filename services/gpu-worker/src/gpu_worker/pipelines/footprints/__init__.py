"""Measures the memory of published architectures on torch's meta device. Needs no GPU, no weights and little memory."""
