"""Measures the accuracy of start estimates: compares the predicted interval of a step with its actual start."""

from dataclasses import dataclass
from enum import StrEnum

from darkroom_schemas.ids import StepId

MAX_OPEN = 1000


class Verdict(StrEnum):
    """Position of a start: in the predicted interval, before it, or after it."""

    INSIDE = "inside"
    EARLY = "early"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class _Interval:
    earliest_ms: float
    latest_ms: float


class Calibration:
    """Stores predicted intervals until their steps start, and counts verdicts. Times are in Unix milliseconds."""

    def __init__(self) -> None:
        self._open: dict[StepId, _Interval] = {}
        self.counts = dict.fromkeys(Verdict, 0)

    def predict(self, step_id: StepId, now_ms: float, start_in_s: tuple[float, float]) -> None:
        """Store the estimate of a step. Only a step's first one counts. Beyond `MAX_OPEN`, the oldest is discarded."""
        if step_id in self._open:
            return
        if len(self._open) >= MAX_OPEN:
            del self._open[next(iter(self._open))]
        first, last = start_in_s
        self._open[step_id] = _Interval(now_ms + first * 1000, now_ms + last * 1000)

    def started(self, step_id: StepId, at_ms: float) -> Verdict | None:
        """Compare a start with the estimate of its step; None if there is none."""
        interval = self._open.pop(step_id, None)
        if interval is None:
            return None
        late = Verdict.LATE if at_ms > interval.latest_ms else Verdict.INSIDE
        verdict = Verdict.EARLY if at_ms < interval.earliest_ms else late
        self.counts[verdict] += 1
        return verdict

    def ended(self, step_id: StepId) -> None:
        """Discard the estimate of a step that ended without a start."""
        self._open.pop(step_id, None)

    @property
    def open(self) -> int:
        """Number of estimates whose steps have not started."""
        return len(self._open)

    @property
    def error(self) -> float | None:
        """Share of starts outside of the predicted interval (0 to 1); None before the first start."""
        judged = sum(self.counts.values())
        return None if not judged else 1 - self.counts[Verdict.INSIDE] / judged
