"""Rate limits per caller, with state shared by all replicas, and the header fields that report them.

The fields are those of draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy: "requests";q=60;w=60` and
`RateLimit: "requests";r=59;t=1`.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from darkroom_schemas.errors import ErrorCode

from darkroom_chassis.errors import AppError

MAX_REFUSED = 10_000
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`units` requests per `window_s` seconds; 0 units mean no limit. `policy` is its name in header fields."""

    policy: str
    units: int
    window_s: int = 60


@dataclass(frozen=True, slots=True)
class RateLimitState:
    """A caller's state under one limit: units left, and seconds until all units are restored.

    `free_in_s` is the time until the next unit is restored if the limit is reached, else 0.
    """

    left: int
    full_in_s: float
    free_in_s: float


class RateLimitsUnavailable(Exception):
    """The counters are unavailable."""


class RateLimitCounter(Protocol):
    """Stores the counters of all callers."""

    async def take(self, caller: str, limits: Sequence[RateLimit]) -> list[RateLimitState]:
        """Take a unit from each limit, or from none if one is reached. Raises `RateLimitsUnavailable`."""
        ...


class RateLimiter:
    """Admits callers within their limits, and all callers while the counters are unavailable."""

    def __init__(self, counts: RateLimitCounter, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._counter, self._now = counts, monotonic_s
        self._refused: dict[tuple[str, int], tuple[float, Sequence[RateLimitState]]] = {}

    async def admit(self, caller: str, limits: Sequence[RateLimit], headers: Headers) -> None:
        """Count a request and add the header fields of its response to `headers`; 429 if a limit is reached."""
        limits = [limit for limit in limits if limit.units]
        now = self._now()
        if not limits:
            return
        # A caller that was refused is refused locally until a unit can have been restored.
        states = self._still_refused((caller, len(limits)), now)
        if states is None:
            try:
                states = await self._counter.take(caller, limits)
            except RateLimitsUnavailable:
                return
        headers.extend(rate_limit_headers(limits, states))
        if any(state.free_in_s > 0 for state in states):
            self._remember((caller, len(limits)), now, states)
            raise _refusal(limits, states)

    def _still_refused(self, asked: tuple[str, int], now: float) -> Sequence[RateLimitState] | None:
        since, states = self._refused.pop(asked, (now, ()))
        return _aged(states, now - since) if any(s.free_in_s > now - since for s in states) else None

    def _remember(self, asked: tuple[str, int], now: float, states: Sequence[RateLimitState]) -> None:
        if len(self._refused) >= MAX_REFUSED:
            self._refused.clear()
        self._refused[asked] = (now, states)


def _aged(states: Sequence[RateLimitState], by_s: float) -> list[RateLimitState]:
    return [RateLimitState(s.left, max(0.0, s.full_in_s - by_s), max(0.0, s.free_in_s - by_s)) for s in states]


def rate_limit_headers(limits: Sequence[RateLimit], states: Sequence[RateLimitState]) -> Headers:
    """Render the policies and the caller's state as header fields."""
    policy = ", ".join(f'"{limit.policy}";q={limit.units};w={limit.window_s}' for limit in limits)
    current = ", ".join(
        f'"{limit.policy}";r={state.left};t={math.ceil(state.full_in_s)}'
        for limit, state in zip(limits, states, strict=True)
    )
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", current.encode())]


def _refusal(limits: Sequence[RateLimit], states: Sequence[RateLimitState]) -> AppError:
    pairs = zip(limits, states, strict=True)
    used_up, state = max(pairs, key=lambda pair: pair[1].free_in_s)
    retry_after_s = math.ceil(state.free_in_s)
    return AppError(
        429,
        ErrorCode.RATE_LIMITED,
        f"More than {used_up.units} {used_up.policy} in {used_up.window_s} s; try again in {retry_after_s} s.",
        retryable=True,
        headers={"Retry-After": str(retry_after_s)},
    )
