"""How long a stopped step may take before its process is killed."""

from collections.abc import Callable

_FACTOR = 3.0
_SHORTEST_S = 2.0


class StopGrace:
    """Measures the pauses between the progress reports of one stage. `clock` returns seconds.

    A step looks for a stop request at least as often as it reports. One that takes three times its longest pause does
    not obey, and its process is killed, but not before 2 s. In a stage that has not reported twice yet, such as a load,
    nothing is known, and the grace is the longest that the queue allows.
    """

    def __init__(self, longest_s: float, clock: Callable[[], float]) -> None:
        self._longest_s, self._clock = longest_s, clock
        self._stage: str | None = None
        self._reported_at = 0.0
        self._longest_pause_s: float | None = None

    def reported(self, stage: str) -> None:
        """Record a progress report of the running step."""
        now = self._clock()
        if stage == self._stage:
            self._longest_pause_s = max(self._longest_pause_s or 0.0, now - self._reported_at)
        else:
            self._stage, self._longest_pause_s = stage, None
        self._reported_at = now

    @property
    def seconds(self) -> float:
        if self._longest_pause_s is None:
            return self._longest_s
        return min(self._longest_s, max(_SHORTEST_S, _FACTOR * self._longest_pause_s))
