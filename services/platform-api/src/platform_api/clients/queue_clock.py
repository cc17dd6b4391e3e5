"""Redis's clock, by which deadlines of submissions are set and judged."""

from darkroom_queue import RedisLink


class QueueClock:
    """Reads the time of the server behind a link."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def now_ms(self) -> int:
        """Return Unix milliseconds; raises `QueueUnavailable`."""
        seconds, microseconds = await self._link.command("TIME")
        return int(seconds) * 1000 + int(microseconds) // 1000
