"""Housekeeping that must go on while every worker is dead or busy."""

import asyncio
from dataclasses import dataclass

from darkroom_queue.client import DEFAULT_LEASE_S, QueueClient
from darkroom_queue.lua import load

_SWEEP = load("sweep")
LOG_MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    steps: int
    workers: int


class Sweeper:
    """Expires leases, promotes due steps, forgets dead workers and old events. Any number may run at once."""

    def __init__(
        self, client: QueueClient, *, lease_s: float = DEFAULT_LEASE_S, limit: int = 200, retention_s: float = 3600.0,
        log_max_bytes: int = LOG_MAX_BYTES,
    ) -> None:  # fmt: skip
        """The log keeps `retention_s`, more while a named reader lags, and less when it outgrows `log_max_bytes`."""
        self._client = client
        self._args = (round(lease_s * 1000), limit, round(retention_s * 1000), log_max_bytes)

    async def sweep(self) -> Swept:
        """Do one bounded sweep."""
        steps, workers = await self._client.run(_SWEEP, *self._args)
        return Swept(int(steps), int(workers))

    async def run(self, *, every_s: float = 1.0) -> None:
        """Sweep for ever; a sweep that touched many steps is followed by the next at once."""
        while True:
            swept = await self.sweep()
            await asyncio.sleep(0 if swept.steps >= self._args[1] else every_s)
