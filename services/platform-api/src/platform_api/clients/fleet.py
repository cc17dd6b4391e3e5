"""The capabilities of the live workers, read from the registry at most every two seconds."""

from collections.abc import Sequence

from darkroom_chassis.availability import Availability, ServerUnavailable
from darkroom_chassis.short_cache import ShortCache
from darkroom_queue import Registry
from darkroom_schemas.worker import Capabilities

MAX_AGE_S = 2.0


class RegisteredFleet:
    """Implements `Fleet`. During an outage of Redis, returns the last known capabilities."""

    def __init__(self, registry: Registry, redis: Availability) -> None:
        self._registry, self._redis = registry, redis
        self._cache: ShortCache[Sequence[Capabilities]] = ShortCache(self._read, (), max_age_s=MAX_AGE_S)

    async def live(self) -> Sequence[Capabilities]:
        return await self._cache.get()

    async def _read(self, previous: Sequence[Capabilities]) -> Sequence[Capabilities]:
        try:
            records = await self._redis.ask(self._registry.workers)
        except ServerUnavailable:
            return previous
        return [record.info.capabilities for record in records]
