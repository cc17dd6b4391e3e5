"""What waits for delivery, in numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backlog:
    """Time for which the longest due queue has waited, pending deliveries, and paused and disabled endpoints."""

    late_s: float
    pending: int
    paused: int
    disabled: int
