"""Classifies the errors of devices by type and text. Imports no torch: torch's types are recognized by their names.

Out of memory        the work did not fit; the process and its models stay usable
Broken context       CUDA reports such an error for every later call of the process, so the process must end
"""

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass

_OUT_OF_MEMORY = re.compile(
    r"out of memory"
    r"|can(?:'|no)t allocate memory"
    r"|bad_alloc"
    r"|(?:cublas|cudnn|cusolver|cusparse)_status_(?:\w*_)?alloc(?:ation)?_failed"
    r"|cufft_alloc_failed"
    # cuDNN found no engine whose workspace fits, and cuBLAS could not allocate its handle.
    r"|unable to find an engine"
    r"|cublas_status_not_initialized when calling `?cublascreate",
    re.IGNORECASE,
)
_BROKEN_CONTEXT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"device-side assert(?: triggered)?|illegal memory access|illegal instruction|misaligned address"
        r"|unspecified launch failure|uncorrectable ecc error",
        r"(?:cublas|cudnn|cusolver|cusparse)_status_\w+|cufft_\w+",
        r"(?:cuda|hip|cudnn|triton)(?: driver| unknown| frontend)? error|nvrtc|nccl",
    )
)
"""Specific texts first, since the reason that is reported is the first match."""
_NEEDED = re.compile(r"tried to allocate ([\d.]+) ?(bytes|[KMGT]iB)", re.IGNORECASE)
_FREE = re.compile(r"of which ([\d.]+) ?(bytes|[KMGT]iB) is free", re.IGNORECASE)
_UNITS = {"bytes": 1, "kib": 1024, "mib": 1024**2, "gib": 1024**3, "tib": 1024**4}
_MAX_CAUSES = 8


@dataclass(frozen=True, slots=True)
class MemoryShortage:
    """An allocation that failed: its size and the free memory of the device in bytes, None where unknown."""

    needed_bytes: int | None = None
    free_bytes: int | None = None

    def __str__(self) -> str:
        needed, free = (
            "an unknown number of bytes" if size is None else f"{size} bytes"
            for size in (self.needed_bytes, self.free_bytes)
        )
        return f"{needed} needed, {free} free"


def memory_shortage(error: BaseException) -> MemoryShortage | None:
    """Return what an out-of-memory error says about its allocation; None for any other error.

    Holds no reference to the error, whose traceback references tensors.
    """
    for cause in _causes(error):
        if _is_out_of_memory(cause):
            text = str(cause)
            return MemoryShortage(_bytes(_NEEDED, text), _bytes(_FREE, text))
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether a device or the machine ran out of memory."""
    return memory_shortage(error) is not None


def broken_context(error: BaseException) -> str | None:
    """Return what broke the device's context, in the driver's words; None for an error that leaves it usable."""
    if is_out_of_memory(error):
        return None
    for cause in _causes(error):
        if not isinstance(cause, RuntimeError):
            continue
        for pattern in _BROKEN_CONTEXT:
            if found := pattern.search(str(cause)):
                return found.group()
        if "AcceleratorError" in _torch_types(cause):
            return "accelerator error"
    return None


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or "OutOfMemoryError" in _torch_types(error):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and _OUT_OF_MEMORY.search(str(error)) is not None


def _torch_types(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__ if kind.__module__.partition(".")[0] == "torch"}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it was raised from; at most 8."""
    cause: BaseException | None = error
    for _ in range(_MAX_CAUSES):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__


def _bytes(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return None if found is None else round(float(found[1]) * _UNITS[found[2].lower()])
