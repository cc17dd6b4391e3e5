"""Classifies the errors that devices raise."""

import torch


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether a device or the machine ran out of memory; torch's CPU allocator raises a plain RuntimeError."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )
