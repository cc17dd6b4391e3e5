"""Arrivals of steps over time, from a seed: a burst, a day, and one tenant's flood."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Step:
    """A step: when it arrives, whose it is, and how long a worker needs for it. Times are in seconds."""

    at_s: int
    tenant: str
    service_s: float


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work by its measured service times: the median, and the 90th percentile."""

    median_s: float
    slow_s: float

    def draw(self, source: random.Random) -> float:
        """Draw a service time from the lognormal distribution with these quantiles."""
        sigma = math.log(self.slow_s / self.median_s) / 1.2816
        return self.median_s * math.exp(sigma * source.gauss(0, 1))


def _burst(at_s: int) -> float:
    """120 steps a minute for ten minutes, after an hour of nothing and before two more."""
    return 2.0 if HOUR_S <= at_s < HOUR_S + 600 else 0.0


def _day(at_s: int) -> float:
    """A day of users: next to nothing at night, 30 steps a minute at its height."""
    return 0.25 * (1 - math.cos(2 * math.pi * at_s / (24 * HOUR_S)))


def _steady(at_s: int) -> float:
    return 0.1 if at_s < 3 * HOUR_S else 0.0


Rate = Callable[[int], float]
PATTERNS: Mapping[str, tuple[int, Mapping[str, Rate]]] = {
    "burst": (4 * HOUR_S, {"users": _burst}),
    "day": (25 * HOUR_S, {"users": _day}),
    "flood": (5 * HOUR_S, {"users": _steady, "flood": lambda at_s: 500.0 if at_s == HOUR_S else 0.0}),
}
"""By name: how long, and steps a second of each tenant. The flood is 500 steps at once among six steps a minute."""


def arrivals(pattern: str, kind: Kind, *, scale: float, seed: int) -> tuple[int, list[Step]]:
    """Return how long the pattern lasts in seconds, and its steps in order. `scale` multiplies all rates."""
    source, (length_s, rates) = random.Random(f"{pattern} {seed}"), PATTERNS[pattern]  # noqa: S311 - reproducible
    steps = [
        Step(at_s, tenant, kind.draw(source))
        for at_s in range(length_s)
        for tenant, rate in rates.items()
        for _ in range(_poisson(rate(at_s) * scale, source))
    ]
    return length_s, steps


def _poisson(mean: float, source: random.Random) -> int:
    if mean <= 0:
        return 0
    if mean > 50:  # Knuth's product would underflow
        return max(0, round(source.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), source.random(), 0
    while product > limit:
        product *= source.random()
        count += 1
    return count
