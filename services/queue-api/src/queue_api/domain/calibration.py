"""How good the estimates of waiting are: what was foretold for a step, held against when it started."""

from dataclasses import dataclass
from enum import StrEnum

from darkroom_schemas.ids import StepId

MAX_OPEN = 1000


class Verdict(StrEnum):
    """Where a start fell: in the foretold interval, before it, or after it."""

    INSIDE = "inside"
    EARLY = "early"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class _Interval:
    earliest_ms: float
    latest_ms: float


class Calibration:
    """Keeps foretold intervals until their steps start; counts the verdicts. Times are Unix milliseconds."""

    def __init__(self) -> None:
        self._open: dict[StepId, _Interval] = {}
        self.counts = dict.fromkeys(Verdict, 0)

    def foretell(self, step_id: StepId, now_ms: float, start_in_s: tuple[float, float]) -> None:
        """Note an estimate of now; only the first of a step counts. The oldest goes when there are too many."""
        if step_id in self._open:
            return
        if len(self._open) >= MAX_OPEN:
            del self._open[next(iter(self._open))]
        first, last = start_in_s
        self._open[step_id] = _Interval(now_ms + first * 1000, now_ms + last * 1000)

    def started(self, step_id: StepId, at_ms: float) -> Verdict | None:
        """Judge the estimate of a step that started; None if there was none."""
        interval = self._open.pop(step_id, None)
        if interval is None:
            return None
        late = Verdict.LATE if at_ms > interval.latest_ms else Verdict.INSIDE
        verdict = Verdict.EARLY if at_ms < interval.earliest_ms else late
        self.counts[verdict] += 1
        return verdict

    def ended(self, step_id: StepId) -> None:
        """Forget a step that ended without a start."""
        self._open.pop(step_id, None)

    @property
    def open(self) -> int:
        """Number of estimates whose steps have not started."""
        return len(self._open)

    @property
    def error(self) -> float | None:
        """Return the share of starts that fell outside of what was foretold; None before the first."""
        judged = sum(self.counts.values())
        return None if not judged else 1 - self.counts[Verdict.INSIDE] / judged
