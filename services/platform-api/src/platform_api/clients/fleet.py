"""What the live workers offer: asked of the registry every two seconds at most."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from darkroom_chassis.availability import Availability, ServerAway
from darkroom_queue import Registry
from darkroom_schemas.worker import Capabilities

FRESH_S = 2.0


class RegisteredFleet:
    """Implements `Fleet`."""

    def __init__(self, registry: Registry, redis: Availability) -> None:
        self._registry, self._redis = registry, redis
        self._known: Sequence[Capabilities] = ()
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def live(self) -> Sequence[Capabilities]:
        async with self._asking:
            clock = asyncio.get_running_loop().time
            if clock() - self._asked_at > FRESH_S:
                with suppress(ServerAway):  # then what was known last is good enough
                    records = await self._redis.ask(self._registry.workers)
                    self._known = [record.info.capabilities for record in records]
                self._asked_at = clock()
        return self._known
