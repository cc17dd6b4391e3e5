"""Reports workers and machines that connect and disconnect. Messages during an outage of Redis are missed."""

import asyncio

from darkroom_queue import QueueClient
from darkroom_queue.log.status import StatusFeed

from webhook_dispatcher.domain.fleet import sighting
from webhook_dispatcher.domain.ports import Fleet

MAX_KNOWN = 10_000


class FleetLoop:
    """Every replica runs one; the stored state ensures that each change is reported once."""

    def __init__(self, client: QueueClient, fleet: Fleet, arrived: asyncio.Event) -> None:
        self._client, self._fleet, self._arrived = client, fleet, arrived
        self._known: dict[str, bool] = {}

    async def run(self) -> None:
        """Report changes until cancelled. Raises the errors of unavailable servers."""
        async with StatusFeed(self._client) as feed:
            async for message in feed:
                seen = sighting(message)
                if self._known.get(seen.name) is seen.connected:
                    continue
                if await self._fleet.note(seen):
                    self._arrived.set()
                if len(self._known) >= MAX_KNOWN:
                    self._known.clear()
                self._known[seen.name] = seen.connected
