"""Rate limit counters in Redis."""

from collections.abc import Sequence

from darkroom_chassis.availability import Availability, ServerUnavailable
from darkroom_chassis.rate_limit import RateLimit, RateLimitState, RateLimitsUnavailable
from darkroom_redis import RateLimits


class RedisRateLimits:
    """Implements `RateLimitCounter`."""

    def __init__(self, limits: RateLimits, redis: Availability) -> None:
        self._limits, self._redis = limits, redis

    async def take(self, caller: str, limits: Sequence[RateLimit]) -> list[RateLimitState]:
        names = [(f"webhook-{limit.policy}:{caller}", limit.units, limit.window_s) for limit in limits]
        try:
            states = await self._redis.ask(lambda: self._limits.take(names))
        except ServerUnavailable as error:
            raise RateLimitsUnavailable(str(error)) from error
        return [RateLimitState(state.left, state.full_in_s, state.free_in_s) for state in states]
