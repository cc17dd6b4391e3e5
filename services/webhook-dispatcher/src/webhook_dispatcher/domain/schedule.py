"""The retry schedule."""

import random

JITTER = 0.2
LONGEST_RETRY_AFTER_S = 86_400.0


def next_delay_s(schedule_s: tuple[float, ...], attempts_made: int, retry_after_s: float | None) -> float | None:
    """Return the delay before the next attempt in seconds, with ±20 % jitter; None at the end of the schedule.

    A receiver's Retry-After can extend the delay, to at most a day, but not shorten it.
    """
    if attempts_made >= len(schedule_s):
        return None
    delay_s = schedule_s[attempts_made] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, not a secret
    return max(delay_s, min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))


def geometric(attempts: int, first_s: float, factor: float, longest_s: float) -> tuple[float, ...]:
    """Return a schedule: an attempt at once, then delays that grow by a factor from `first_s` up to `longest_s`."""
    return (0.0, *(min(longest_s, first_s * factor**number) for number in range(attempts - 1)))
