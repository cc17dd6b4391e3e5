"""The device that pipelines run on, and its memory."""

import gc
import os
from dataclasses import dataclass
from typing import Any

import torch

from gpu_worker.models.registry import WeightType

_USABLE_GPU_SHARE = 0.92
_USABLE_RAM_SHARE = 0.7
_GIB = 1024**3


class NoDevice(Exception):
    """None of the profile's devices is available."""


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU, or the CPU. `budget_bytes` is the part of the memory that models and work may use."""

    kind: str
    name: str
    total_bytes: int
    budget_bytes: int

    @property
    def torch_device(self) -> torch.device:
        return torch.device(self.kind)

    def weight_type(self, wanted: WeightType) -> torch.dtype:
        """Return the number format to compute in: float32 on a CPU, which is slow or wrong in half precision."""
        if self.kind == "cpu":
            return torch.float32
        weight_type: torch.dtype = getattr(torch, wanted.value)
        return weight_type

    def used_bytes(self) -> int:
        """Return the memory that tensors hold on a GPU; 0 on a CPU, where it is unknown."""
        return torch.cuda.memory_allocated() if self.kind == "cuda" else 0

    def free_caches(self) -> None:
        """Free memory that nothing references."""
        gc.collect()
        if self.kind == "cuda":
            torch.cuda.empty_cache()


def choose_device(kinds: tuple[str, ...], budget_gb: float | None) -> Device:
    """Return the first available device of the list; raises NoDevice. `budget_gb` limits its memory, in GiB."""
    for kind in kinds:
        if kind == "cuda" and torch.cuda.is_available():
            # A recipe guarantees the same bytes, so cuDNN must not choose algorithms by benchmark or use random orders.
            torch.backends.cudnn.benchmark = False
            torch.backends.cudnn.deterministic = True
            properties = torch.cuda.get_device_properties(0)
            return _device("cuda", properties.name, properties.total_memory, _USABLE_GPU_SHARE, budget_gb)
        if kind == "cpu":
            total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
            return _device("cpu", "cpu", total, _USABLE_RAM_SHARE, budget_gb)
    raise NoDevice(f"none of these devices is available: {', '.join(kinds)}")


def _device(kind: str, name: str, total: int, share: float, budget_gb: float | None) -> Device:
    usable = int(total * share)
    return Device(kind, name, total, usable if budget_gb is None else min(usable, int(budget_gb * _GIB)))


def weights_bytes(*modules: Any) -> int:  # components of diffusers are untyped
    """Return the memory of the weights and buffers; arguments that are no modules count nothing."""
    return sum(
        tensor.numel() * tensor.element_size()
        for module in modules
        if isinstance(module, torch.nn.Module)
        for tensor in (*module.parameters(), *module.buffers())
    )
