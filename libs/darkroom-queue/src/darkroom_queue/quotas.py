"""Quotas that all replicas share: so many units in a window, each coming back evenly after it was used."""

from collections.abc import Sequence
from dataclasses import dataclass

from darkroom_queue.link import RedisLink
from darkroom_queue.lua_source import load

_SPEND = load("spend")


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A quota after a try to take a unit. `free_in_s` is 0 unless this quota stood in the way."""

    left: int
    full_in_s: float
    free_in_s: float


class Quotas:
    """Counts what was used, on the server's clock."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def spend(self, quotas: Sequence[tuple[str, int, float]]) -> list[QuotaState]:
        """Take a unit from each quota (name, units, window in seconds), or from none if one of them has none left.

        Raises `QueueUnavailable`, also where the server takes no writes because its memory or its disk is full.
        """
        args = [part for name, units, window_s in quotas for part in (name, units, window_s * 1000)]
        states = await self._link.run(_SPEND, *args)
        return [QuotaState(left, full_ms / 1000, free_ms / 1000) for left, full_ms, free_ms in states]
