"""The sweeper: maintenance that must also run while all workers are dead or busy."""

import asyncio
from dataclasses import dataclass

from darkroom_queue.client import DEFAULT_LEASE_S, QueueClient
from darkroom_queue.lua import load

_SWEEP = load("sweep")
LOG_MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Swept:
    """Result of one sweep: the numbers of changed steps and removed workers."""

    steps: int
    workers: int


class Sweeper:
    """Expires leases, queues due steps, removes dead workers and trims the log. Any number may run concurrently."""

    def __init__(
        self, client: QueueClient, *, lease_s: float = DEFAULT_LEASE_S, limit: int = 200, retention_s: float = 3600.0,
        log_max_bytes: int = LOG_MAX_BYTES,
    ) -> None:  # fmt: skip
        """Set the limits. The log retains `retention_s`, more if a named reader lags, but at most `log_max_bytes`."""
        self._client = client
        self._args = (round(lease_s * 1000), limit, round(retention_s * 1000), log_max_bytes)

    async def sweep(self) -> Swept:
        """Run one bounded sweep."""
        steps, workers = await self._client.run(_SWEEP, *self._args)
        return Swept(int(steps), int(workers))

    async def run(self, *, every_s: float = 1.0) -> None:
        """Sweep every `every_s` seconds until cancelled. A sweep that reached its limit is repeated at once."""
        while True:
            swept = await self.sweep()
            await asyncio.sleep(0 if swept.steps >= self._args[1] else every_s)
