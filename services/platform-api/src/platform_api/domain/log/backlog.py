"""What the platform has still to do, for metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PlatformBacklog:
    """Counts of one moment. Amounts are in thousandths of a credit."""

    outbox_rows: int
    outbox_age_s: float
    """Age of the oldest row that was not relayed; 0 if there is none."""
    outbox_rejected: int
    """Rows that the relay has put aside."""
    jobs: Mapping[str, int]
    """Jobs that have not ended, by status."""
    reserved_mc: int
    """Credits that these jobs hold in reserve."""


class MeasureBacklog(Protocol):
    """Measures the backlog."""

    async def measure(self) -> PlatformBacklog: ...
