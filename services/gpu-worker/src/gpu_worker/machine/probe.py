"""Reads the packages, GPUs, memory and disk of this machine without importing torch."""

import os
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gpu_worker.machine.check import Gpu, Machine

_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "av", "pillow")
_MEBIBYTE = 1024 * 1024
_DRIVER_TIMEOUT_S = 20.0


def probe_machine(disk: Path) -> Machine:
    """Describe this machine. `disk` is the folder for models; it need not exist."""
    place = next(folder for folder in (disk, *disk.parents) if folder.exists())
    return Machine(
        gpus=_gpus(),
        ram_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        free_disk_bytes=shutil.disk_usage(place).free,
        disk=str(disk),
        packages={name: _version(name) for name in _PACKAGES},
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _gpus() -> tuple[Gpu, ...]:
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_DRIVER_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse_gpus(answer.stdout)


def parse_gpus(table: str) -> tuple[Gpu, ...]:
    """Parse the driver's table: each line has a name and the memory in MiB."""
    rows = (line.rsplit(",", 1) for line in table.splitlines() if "," in line)
    return tuple(Gpu(name=name.strip(), memory_bytes=int(memory) * _MEBIBYTE) for name, memory in rows)
