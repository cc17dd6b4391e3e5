"""What callers used of their rate limits, kept in Redis."""

from collections.abc import Sequence

from darkroom_chassis.rate_limit import CountsUnreachable, Quota, Standing
from darkroom_queue import QueueUnavailable, Quotas


class RedisCounts:
    """Implements `Counts`."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    async def spend(self, caller: str, quotas: Sequence[Quota]) -> list[Standing]:
        names = [(f"{quota.policy}:{caller}", quota.units, quota.window_s) for quota in quotas]
        try:
            states = await self._quotas.spend(names)
        except QueueUnavailable as error:
            raise CountsUnreachable(str(error)) from error
        return [Standing(state.left, state.full_in_s, state.free_in_s) for state in states]
