"""A circuit breaker for the device: after repeated faults no step is taken for a time, then one on trial.

The pattern is Michael Nygard's ("Release It!", 2nd ed., "Circuit Breaker"): closed, open, half-open.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Circuit(StrEnum):
    """Whether steps are taken."""

    CLOSED = "closed"
    """Steps are taken."""
    OPEN = "open"
    """No step is taken until the pause is over."""
    HALF_OPEN = "half_open"
    """One step at a time is taken on trial. A success closes the circuit, a fault opens it again."""


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When the circuit opens, and for how long, in seconds. Each fault on trial doubles the pause."""

    failures_in_a_row: int = 3
    losses: int = 3
    losses_within_s: float = 600.0
    first_pause_s: float = 30.0
    longest_pause_s: float = 900.0


class CircuitBreaker:
    """Counts unforeseen failures in a row, and losses of the GPU process within a time. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float], limits: BreakerLimits | None = None) -> None:
        self._clock = clock
        self._limits = limits or BreakerLimits()
        self._losses: deque[float] = deque(maxlen=self._limits.losses)
        self._failures = 0
        self._pauses = 0
        self._open_until: float | None = None
        self.reason: str | None = None
        """The fault that opened the circuit; None while it is closed."""

    @property
    def state(self) -> Circuit:
        if self._open_until is None:
            return Circuit.CLOSED
        return Circuit.OPEN if self._clock() < self._open_until else Circuit.HALF_OPEN

    @property
    def pause_s(self) -> float:
        """Return the seconds until a step is taken on trial; 0 unless the circuit is open."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - self._clock())

    def succeeded(self) -> None:
        """Record a completed step. One that began before the circuit opened proves nothing."""
        if self.state is Circuit.OPEN:
            return
        self._failures = 0
        if self.state is Circuit.HALF_OPEN:
            self._losses.clear()
            self._pauses, self._open_until, self.reason = 0, None, None

    def failed(self, reason: str) -> None:
        """Record a step that failed for a reason that nobody foresaw."""
        self._failures += 1
        if self._failures >= self._limits.failures_in_a_row:
            reason = f"{self._failures} steps in a row failed, the last one with: {reason}"
        self._open_if(self._failures >= self._limits.failures_in_a_row, reason)

    def lost(self, reason: str) -> None:
        """Record a GPU process that was ready and ended by itself, or was killed because it hung."""
        now = self._clock()
        self._losses.append(now)
        recent = sum(now - lost_at <= self._limits.losses_within_s for lost_at in self._losses)
        enough = recent >= self._limits.losses
        if enough:
            reason = f"the GPU process was lost {recent} times in {self._limits.losses_within_s:g} s, last: {reason}"
        self._open_if(enough, reason)

    def _open_if(self, enough: bool, reason: str) -> None:
        if self.state is Circuit.OPEN or not (enough or self.state is Circuit.HALF_OPEN):
            return
        pause_s = min(self._limits.first_pause_s * 2**self._pauses, self._limits.longest_pause_s)
        # The exponent stops growing at the longest pause, so that it stays bounded.
        self._pauses += pause_s < self._limits.longest_pause_s
        self._open_until = self._clock() + pause_s
        self.reason = reason
