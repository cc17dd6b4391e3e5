"""Rate limits shared by all replicas (generic cell rate algorithm: spent units are restored evenly)."""

from collections.abc import Sequence
from dataclasses import dataclass

from darkroom_redis.client import RedisClient
from darkroom_redis.script_loader import load_script

_RATE_LIMIT = load_script("darkroom_redis", "rate_limit")


@dataclass(frozen=True, slots=True)
class RateLimitState:
    """State of a limit after an attempt to take a unit: units left, and seconds until all are restored.

    `free_in_s` is the time until one unit is restored if this limit refused the attempt, else 0.
    """

    left: int
    full_in_s: float
    free_in_s: float


class RateLimits:
    """Counts units by the clock of the Redis server."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def take(self, limits: Sequence[tuple[str, int, float]]) -> list[RateLimitState]:
        """Take a unit from each limit (name, units, window in seconds), or from none if one is reached.

        Raises `RedisUnavailable`, also while the server refuses writes because its memory or disk is full.
        """
        args = [part for name, units, window_s in limits for part in (name, units, window_s * 1000)]
        states = await self._client.run(_RATE_LIMIT, *args)
        return [RateLimitState(left, full_ms / 1000, free_ms / 1000) for left, full_ms, free_ms in states]
