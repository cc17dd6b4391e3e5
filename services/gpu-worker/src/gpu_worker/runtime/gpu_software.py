"""The versions that choose the kernels on a GPU."""

from functools import cache
from pathlib import Path

import torch
from darkroom_schemas.recipe import GpuSoftware

DRIVER_VERSION = Path("/sys/module/nvidia/version")
"""Where the kernel module of NVIDIA's driver on Linux states its version."""


@cache
def gpu_software() -> GpuSoftware:
    """Return the versions of this process's GPU and its libraries."""
    cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return GpuSoftware(
        capability=".".join(map(str, torch.cuda.get_device_capability(0))),
        cuda=torch.version.cuda,
        cudnn=None if cudnn is None else str(cudnn),
        driver=driver_version(),
    )


def driver_version(file: Path = DRIVER_VERSION) -> str | None:
    """Return the version of NVIDIA's driver; None if this machine does not state it."""
    try:
        return file.read_text().strip() or None
    except OSError:
        return None
