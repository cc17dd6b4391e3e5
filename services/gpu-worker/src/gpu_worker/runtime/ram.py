"""The main memory of this machine, or of the container that the worker runs in (Linux)."""

import os
from pathlib import Path

_SYSTEM_BYTES = 2_000_000_000
"""Left to the system and to the worker's own processes."""


def total_ram_bytes(root: Path = Path("/")) -> int:
    """Return the main memory, or the limit of the control group if that is lower."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _group_value(root, "memory.max")
    return total if limit is None else min(total, limit)


def plannable_ram_bytes(total_bytes: int) -> int:
    """Return the part of the main memory that models may have on a machine that does nothing else."""
    return max(0, total_bytes - _SYSTEM_BYTES)


def available_ram_bytes(root: Path = Path("/")) -> int:
    """Return the main memory that can be had now without swapping: the kernel's estimate, within the control group."""
    available = _kernel_estimate(root)
    limit, used = _group_value(root, "memory.max"), _group_value(root, "memory.current")
    return available if limit is None or used is None else max(0, min(available, limit - used + _cache(root)))


def _kernel_estimate(root: Path) -> int:
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return total_ram_bytes(root)
    kibibytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return total_ram_bytes(root) if kibibytes is None else int(kibibytes) * 1024


def _cache(root: Path) -> int:
    """Return the files that the control group holds in memory, which the kernel drops when memory is short."""
    try:
        lines = (root / "sys/fs/cgroup/memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0)


def _group_value(root: Path, name: str) -> int | None:
    try:
        text = (root / "sys/fs/cgroup" / name).read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
