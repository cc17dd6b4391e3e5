"""Capacity of the connected workers per job type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TypeCapacity:
    """Capacity for steps of one type. `service_s` is the median and the 90th percentile, None until measured.

    `profile` is that of the workers that support it, None if they have none or several.
    """

    workers: int
    waiting: int
    service_s: tuple[float, float] | None
    profile: str | None = None


def time_to_end(step_types: Sequence[str], now: Mapping[str, TypeCapacity]) -> tuple[float, float] | None:
    """Estimate the time in seconds that a job with these steps in sequence takes, as (best, worst); None if unknown.

    Best case: the steps already waiting and these steps take the median. Worst case: in addition, each worker has just
    started a step, and all steps take the 90th percentile.
    """
    best = worst = 0.0
    for name in step_types:
        capacity = now[name]
        if not capacity.workers or capacity.service_s is None:
            return None
        typical, slow = capacity.service_s
        best += capacity.waiting * typical / capacity.workers + typical
        worst += (capacity.waiting / capacity.workers + 1) * slow + slow
    return best, worst
