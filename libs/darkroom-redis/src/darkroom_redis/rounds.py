"""Periodic work that one process at a time is to do, whichever of the replicas comes first."""

from darkroom_redis.client import RedisClient


class PeriodicRound:
    """A round of work that is claimed at most once in a period, by any process."""

    def __init__(self, client: RedisClient, name: str, *, period_s: float) -> None:
        self._client, self._key, self._period_ms = client, client.keys.round(name), round(period_s * 1000)

    async def claim(self) -> bool:
        """Return whether the caller is to do this period's round. Raises `RedisUnavailable`."""
        return await self._client.command("SET", self._key, "1", "NX", "PX", self._period_ms) is not None
