"""What callers used of their rate limits, kept in Redis."""

from collections.abc import Sequence

from darkroom_chassis.availability import Availability, ServerAway
from darkroom_chassis.rate_limit import CountsUnreachable, Quota, Standing
from darkroom_queue import Quotas


class RedisCounts:
    """Implements `Counts`."""

    def __init__(self, quotas: Quotas, redis: Availability) -> None:
        self._quotas, self._redis = quotas, redis

    async def spend(self, caller: str, quotas: Sequence[Quota]) -> list[Standing]:
        names = [(f"{quota.policy}:{caller}", quota.units, quota.window_s) for quota in quotas]
        try:
            states = await self._redis.ask(lambda: self._quotas.spend(names))
        except ServerAway as error:
            raise CountsUnreachable(str(error)) from error
        return [Standing(state.left, state.full_in_s, state.free_in_s) for state in states]
