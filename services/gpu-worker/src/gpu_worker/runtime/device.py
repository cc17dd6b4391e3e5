"""The device that pipelines run on, and its memory."""

import gc
from dataclasses import dataclass
from typing import Any

import torch

from gpu_worker.domain.memory.card import CPU, CUDA, Card, cpu_card
from gpu_worker.models.registry import WeightType
from gpu_worker.runtime.ram import available_ram_bytes, total_ram_bytes

_GIB = 1024**3


class NoDevice(Exception):
    """None of the profile's devices is available."""


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU, or the CPU. `limit_bytes` is the most memory that this process may hold; None means all of it."""

    kind: str
    name: str
    total_bytes: int
    limit_bytes: int | None

    @property
    def torch_device(self) -> torch.device:
        return torch.device(self.kind)

    def weight_type(self, wanted: WeightType) -> torch.dtype:
        """Return the number format to compute in: float32 on a CPU, which is slow or wrong in half precision."""
        if self.kind == CPU:
            return torch.float32
        weight_type: torch.dtype = getattr(torch, wanted.value)
        return weight_type

    def used_bytes(self) -> int:
        """Return the memory that tensors hold on a GPU; 0 on a CPU, where it is unknown."""
        return torch.cuda.memory_allocated() if self.kind == CUDA else 0

    def card(self, loaded_bytes: int) -> Card:
        """Return the memory as it is now. `loaded_bytes` are those of the loaded models, which a CPU does not know."""
        if self.kind == CUDA:
            free, _ = torch.cuda.mem_get_info()
            reserved = torch.cuda.memory_reserved()
            return Card(CUDA, self.name, self.total_bytes, free, reserved, self.limit_bytes)
        return cpu_card(self.total_bytes, available_ram_bytes(), loaded_bytes, self.limit_bytes)

    def free_caches(self) -> None:
        """Free memory that nothing references."""
        gc.collect()
        if self.kind == CUDA:
            torch.cuda.empty_cache()


def choose_device(kinds: tuple[str, ...], budget_gb: float | None) -> Device:
    """Return the first available device of the list; raises NoDevice. `budget_gb` limits its memory, in GiB.

    Only one GPU is visible to this process: the parent chose it with CUDA_VISIBLE_DEVICES.
    """
    limit = None if budget_gb is None else int(budget_gb * _GIB)
    for kind in kinds:
        if kind == CUDA and torch.cuda.is_available():
            return _gpu(limit)
        if kind == CPU:
            return Device(CPU, "cpu", total_ram_bytes(), limit)
    raise NoDevice(
        f"none of these devices is available: {', '.join(kinds)}. `darkroom worker check` says why; "
        "GPU_WORKER_DEVICE=cpu computes on the CPU, where a full-size job takes hours"
    )


def _gpu(limit: int | None) -> Device:
    # A recipe guarantees the same bytes, so cuDNN must not choose algorithms by benchmark or use random orders.
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    properties = torch.cuda.get_device_properties(0)
    total = properties.total_memory
    if limit is not None and limit < total:
        # The allocator then raises its out-of-memory error at the limit, as it would on a smaller card.
        torch.cuda.set_per_process_memory_fraction(limit / total)
    return Device(CUDA, properties.name, total, None if limit is None else min(limit, total))


def weights_bytes(*modules: Any) -> int:  # components of diffusers are untyped
    """Return the memory of the weights and buffers; arguments that are no modules count nothing."""
    return sum(
        tensor.numel() * tensor.element_size()
        for module in modules
        if isinstance(module, torch.nn.Module)
        for tensor in (*module.parameters(), *module.buffers())
    )
