"""What the workers could do with a job of some type that came now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TypeCapacity:
    """Of steps of one type. Times are the median and the 90th percentile in seconds; None until some were measured."""

    workers: int
    waiting: int
    service_s: tuple[float, float] | None


def time_to_end(step_types: Sequence[str], now: Mapping[str, TypeCapacity]) -> tuple[float, float] | None:
    """Bound the time that a job of these steps, one after the other, would take; None where that is not known.

    At best nothing waits and each step takes its median. At worst everything that waits comes first, the workers have
    just begun something, and all runs at the 90th percentile.
    """
    best = worst = 0.0
    for name in step_types:
        outlook = now[name]
        if not outlook.workers or outlook.service_s is None:
            return None
        typical, slow = outlook.service_s
        best += outlook.waiting * typical / outlook.workers + typical
        worst += (outlook.waiting / outlook.workers + 1) * slow + slow
    return best, worst
