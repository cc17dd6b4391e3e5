"""The GPUs that workers of this machine use, and whether the installed torch can use them."""

from collections.abc import Sequence

from gpu_worker.domain.memory.card import CONTEXT_BYTES, CUDA, Card
from gpu_worker.machine.facts import Gpu, Machine

_DRIVER_OF_CUDA = {11: 450, 12: 525, 13: 580}
"""First driver branch of each major release (NVIDIA, "CUDA Compatibility", minor version compatibility)."""
_LEAST_CAPABILITY = (((13, 0), 7.5), ((12, 8), 7.0), ((0, 0), 5.0))
"""Least compute capability by CUDA release: CUDA 13 begins with Turing, torch's builds for 12.8 on with Volta."""
BFLOAT16_CAPABILITY = 8.0


class NoSuchGpu(Exception):
    """A setting names a GPU that is not there; the message lists those that are."""


def chosen_gpus(gpus: Sequence[Gpu], device: str | None, visible: str | None) -> tuple[Gpu, ...]:
    """Return the GPUs that workers use: that of GPU_WORKER_DEVICE, else those of CUDA_VISIBLE_DEVICES, else all.

    Raises NoSuchGpu if `device` names none. CUDA itself ignores what follows a wrong entry of CUDA_VISIBLE_DEVICES.
    """
    if device is not None:
        found = next((gpu for gpu in gpus if gpu.is_meant_by(device)), None)
        if found is None:
            known = ", ".join(f"{gpu.index} ({gpu.uuid})" for gpu in gpus) or "none"
            raise NoSuchGpu(f"GPU_WORKER_DEVICE: no GPU {device!r}; there are: {known}")
        return (found,)
    if visible is None:
        return tuple(gpus)
    chosen: list[Gpu] = []
    for entry in (part.strip() for part in visible.split(",")):
        found = next((gpu for gpu in gpus if entry and gpu.is_meant_by(entry)), None)
        if found is None:
            break
        chosen.append(found)
    return tuple(chosen)


def card_of(gpu: Gpu, limit_bytes: int | None) -> Card:
    """Return the memory that a worker finds on a GPU once it has its CUDA context."""
    return Card(CUDA, gpu.name, gpu.memory_bytes, max(0, gpu.free_bytes - CONTEXT_BYTES), 0, limit_bytes)


def torch_problem(machine: Machine, gpu: Gpu) -> str | None:
    """Return why the installed torch cannot use a GPU, None if it can as far as is known."""
    build = machine.torch
    if build is None:
        return None
    if build.cuda is None:
        installed = machine.packages.get("torch")
        return f"torch {installed} is built without CUDA and cannot use the {gpu.name}: install a build for CUDA"
    release = tuple(int(part) for part in build.cuda.split(".")[:2] if part.isdigit())
    if len(release) < 2:
        return None
    driver, capability = _number(gpu.driver.split(".")[0]), _number(gpu.compute_capability)
    least_driver = _DRIVER_OF_CUDA.get(release[0])
    if driver is not None and least_driver is not None and driver < least_driver:
        return f"driver {gpu.driver} is too old for torch's CUDA {build.cuda}, which needs {least_driver} or later"
    least = next(least for since, least in _LEAST_CAPABILITY if release >= since)
    if capability is not None and capability < least:
        return (
            f"the {gpu.name} has compute capability {gpu.compute_capability}; "
            f"torch's CUDA {build.cuda} supports {least} and later"
        )
    return None


def lacks_bfloat16(gpu: Gpu) -> bool:
    """Return whether a GPU computes bfloat16 by conversion only, several times slower."""
    capability = _number(gpu.compute_capability)
    return capability is not None and capability < BFLOAT16_CAPABILITY


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
