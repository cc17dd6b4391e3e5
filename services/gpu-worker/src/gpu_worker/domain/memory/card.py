"""The memory that a plan divides: that of a card and the main memory, and what loaded models hold of both."""

from dataclasses import dataclass

CUDA = "cuda"
CPU = "cpu"

CONTEXT_BYTES = 500_000_000
"""What a process takes of a card before its first tensor: the CUDA context with the kernels of torch."""

_RESERVE_BYTES = 700_000_000
"""Kept free on a card: workspaces of cuBLAS and cuDNN, and what the caching allocator cannot use of its blocks."""

_USABLE_RAM_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Card:
    """One device. `free_bytes` is what its driver reports as free, other processes considered.

    `reserved_bytes` is what this process's allocator holds of it, loaded models included. `limit_bytes` is the most
    that this process may hold. A CPU is a card whose memory is the main memory.
    """

    kind: str
    name: str
    total_bytes: int
    free_bytes: int
    reserved_bytes: int = 0
    limit_bytes: int | None = None

    @property
    def usable_bytes(self) -> int:
        """Return what this process may hold in all: models, work and reserve."""
        available = self.free_bytes + self.reserved_bytes
        return available if self.limit_bytes is None else min(available, self.limit_bytes)

    @property
    def reserve_bytes(self) -> int:
        """Return the part of `usable_bytes` that no plan assigns."""
        return _RESERVE_BYTES if self.kind == CUDA else 0


def cpu_card(total_bytes: int, available_bytes: int, loaded_bytes: int, limit_bytes: int | None) -> Card:
    """Return the main memory as the card of a CPU: at most 70 % of it, the rest is for system and encoders."""
    usable = round(total_bytes * _USABLE_RAM_SHARE)
    limit = usable if limit_bytes is None else min(usable, limit_bytes)
    return Card(CPU, "cpu", total_bytes, available_bytes, loaded_bytes, limit)


@dataclass(frozen=True, slots=True)
class Resident:
    """A loaded model, or a part of one, that is evicted as a whole. A leased one is in use and is never evicted."""

    name: str
    device_bytes: int
    ram_bytes: int = 0
    leased: bool = False
