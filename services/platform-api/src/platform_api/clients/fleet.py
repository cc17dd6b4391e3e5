"""What the live workers offer: asked of the registry every two seconds at most."""

import asyncio
from collections.abc import Sequence

from darkroom_chassis.logs import get_logger
from darkroom_queue import QueueUnavailable, Registry
from darkroom_schemas.worker import Capabilities

log = get_logger(__name__)
FRESH_S = 2.0


class RegisteredFleet:
    """Implements `Fleet`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: Sequence[Capabilities] = ()
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def live(self) -> Sequence[Capabilities]:
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked_at > FRESH_S:
                try:
                    self._known = [record.info.capabilities for record in await self._registry.workers()]
                except QueueUnavailable:
                    log.warning("What the workers offer is not known anew: Redis does not answer")
                self._asked_at = now
        return self._known
