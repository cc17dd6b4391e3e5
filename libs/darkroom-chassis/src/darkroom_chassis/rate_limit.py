"""Rate limits by caller, with state that replicas share, and the header fields that tell of them.

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
class Quota:
    """So many requests in a window, under a name that headers show; 0 units mean no limit."""

    policy: str
    units: int
    window_s: int = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands with a quota. `free_in_s` is 0 unless it is used up."""

    left: int
    full_in_s: float
    free_in_s: float


class CountsUnreachable(Exception):
    """What was used cannot be known at the moment."""


class Counts(Protocol):
    """Keeps what was used."""

    async def spend(self, caller: str, quotas: Sequence[Quota]) -> list[Standing]:
        """Take a unit from each quota, or from none if one is used up. Raises `CountsUnreachable`."""
        ...


class RateLimiter:
    """Admits callers as long as their quotas last, and everybody while the counts cannot be reached."""

    def __init__(self, counts: Counts, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._counts, self._now = counts, monotonic_s
        self._refused: dict[tuple[str, int], tuple[float, Sequence[Standing]]] = {}

    async def admit(self, caller: str, quotas: Sequence[Quota], headers: Headers) -> None:
        """Count a request and add to the `headers` of its answer; 429 once a quota is used up."""
        limits = [quota for quota in quotas if quota.units]
        now = self._now()
        if not limits:
            return
        # Whoever was refused is refused without a question until something can have come back.
        standings = self._still_refused((caller, len(limits)), now)
        if standings is None:
            try:
                standings = await self._counts.spend(caller, limits)
            except CountsUnreachable:
                return
        headers.extend(rate_limit_headers(limits, standings))
        if any(standing.free_in_s > 0 for standing in standings):
            self._remember((caller, len(limits)), now, standings)
            raise _refusal(limits, standings)

    def _still_refused(self, asked: tuple[str, int], now: float) -> Sequence[Standing] | None:
        since, standings = self._refused.pop(asked, (now, ()))
        return _aged(standings, now - since) if any(s.free_in_s > now - since for s in standings) else None

    def _remember(self, asked: tuple[str, int], now: float, standings: Sequence[Standing]) -> None:
        if len(self._refused) >= MAX_REFUSED:
            self._refused.clear()
        self._refused[asked] = (now, standings)


def _aged(standings: Sequence[Standing], by_s: float) -> list[Standing]:
    return [Standing(s.left, max(0.0, s.full_in_s - by_s), max(0.0, s.free_in_s - by_s)) for s in standings]


def rate_limit_headers(quotas: Sequence[Quota], standings: Sequence[Standing]) -> Headers:
    """Write the policies and the caller's standing as header fields."""
    policy = ", ".join(f'"{quota.policy}";q={quota.units};w={quota.window_s}' for quota in quotas)
    standing = ", ".join(
        f'"{quota.policy}";r={standing.left};t={math.ceil(standing.full_in_s)}'
        for quota, standing in zip(quotas, standings, strict=True)
    )
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", standing.encode())]


def _refusal(quotas: Sequence[Quota], standings: Sequence[Standing]) -> AppError:
    pairs = zip(quotas, standings, strict=True)
    used_up, standing = max(pairs, key=lambda pair: pair[1].free_in_s)
    retry_after_s = math.ceil(standing.free_in_s)
    return AppError(
        429,
        ErrorCode.RATE_LIMITED,
        f"More than {used_up.units} {used_up.policy} in {used_up.window_s} s; try again in {retry_after_s} s.",
        retryable=True,
        headers={"Retry-After": str(retry_after_s)},
    )
