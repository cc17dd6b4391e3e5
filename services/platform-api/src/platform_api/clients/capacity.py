"""What the workers can do now, by job type: asked of the queue every two seconds at most."""

import asyncio
from collections.abc import Mapping

from darkroom_chassis.availability import Availability, ServerAway
from darkroom_queue import Insight, Producer, Registry, fits
from darkroom_schemas.catalogue import CATALOGUE

from platform_api.domain.capacity import TypeCapacity

FRESH_S = 2.0


class QueueCapacity:
    """Implements `Capacity`."""

    def __init__(self, registry: Registry, insight: Insight, producer: Producer, redis: Availability) -> None:
        self._registry, self._insight, self._producer, self._redis = registry, insight, producer, redis
        self._known: Mapping[str, TypeCapacity] | None = None
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def by_type(self) -> Mapping[str, TypeCapacity] | None:
        async with self._asking:
            clock = asyncio.get_running_loop().time
            if clock() - self._asked_at > FRESH_S:
                try:
                    self._known = await self._redis.ask(self._ask)
                except ServerAway:
                    self._known = None
                self._asked_at = clock()
        return self._known

    async def _ask(self) -> Mapping[str, TypeCapacity]:
        workers = [record.info.capabilities for record in await self._registry.workers()]
        waiting = (await self._producer.depth()).queued_by_type
        times = await self._insight.service_times(tuple(CATALOGUE))
        needs = {name: job_type.requirements for name, job_type in CATALOGUE.items()}
        return {
            name: TypeCapacity(sum(fits(need, can) for can in workers), waiting.get(name, 0), times[name])
            for name, need in needs.items()
        }
