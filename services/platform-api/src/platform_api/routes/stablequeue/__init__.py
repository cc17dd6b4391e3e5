"""The StableQueue dialect."""
