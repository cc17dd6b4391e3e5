"""The clock of the Redis server, which determines the deadlines of submissions."""

from darkroom_queue import QueueClient


class QueueClock:
    """Reads the time of the Redis server."""

    def __init__(self, redis_client: QueueClient) -> None:
        self._client = redis_client

    async def now_ms(self) -> int:
        """Return Unix time in milliseconds; raises `RedisUnavailable`."""
        seconds, microseconds = await self._client.command("TIME")
        return int(seconds) * 1000 + int(microseconds) // 1000
