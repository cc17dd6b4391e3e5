"""Capacity of the live workers by job type, read from the queue at most every two seconds."""

from collections.abc import Mapping, Sequence

from darkroom_chassis.availability import Availability, ServerUnavailable
from darkroom_chassis.short_cache import ShortCache
from darkroom_queue import Insight, Producer, Registry, fits
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.worker import WorkerInfo

from platform_api.domain.capacity import TypeCapacity

MAX_AGE_S = 2.0


class QueueCapacity:
    """Implements `Capacity`."""

    def __init__(self, registry: Registry, insight: Insight, producer: Producer, redis: Availability) -> None:
        self._registry, self._insight, self._producer, self._redis = registry, insight, producer, redis
        self._cache: ShortCache[Mapping[str, TypeCapacity] | None] = ShortCache(self._read, None, max_age_s=MAX_AGE_S)

    async def by_type(self) -> Mapping[str, TypeCapacity] | None:
        return await self._cache.get()

    async def _read(self, _: Mapping[str, TypeCapacity] | None) -> Mapping[str, TypeCapacity] | None:
        try:
            return await self._redis.ask(self._ask)
        except ServerUnavailable:
            return None

    async def _ask(self) -> Mapping[str, TypeCapacity]:
        workers = [record.info for record in await self._registry.workers()]
        waiting = (await self._producer.depth()).queued_by_type
        times = await self._insight.service_times(tuple(CATALOGUE))
        needs = {name: job_type.requirements for name, job_type in CATALOGUE.items()}
        able = {name: [one for one in workers if fits(need, one.capabilities)] for name, need in needs.items()}
        return {
            name: TypeCapacity(len(some), waiting.get(name, 0), times[name], _profile_of(some))
            for name, some in able.items()
        }


def _profile_of(workers: Sequence[WorkerInfo]) -> str | None:
    profiles = {worker.profile for worker in workers}
    return profiles.pop() if len(profiles) == 1 else None
