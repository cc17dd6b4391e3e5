"""What the workers can do now, by job type: asked of the queue every two seconds at most."""

import asyncio
from collections.abc import Mapping

from darkroom_chassis.logs import get_logger
from darkroom_queue import Insight, Producer, QueueUnavailable, Registry, fits
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.worker import Requirements

from platform_api.domain.outlook import TypeOutlook

log = get_logger(__name__)
FRESH_S = 2.0


class QueueOutlook:
    """Implements `TypesNow`."""

    def __init__(self, registry: Registry, insight: Insight, producer: Producer) -> None:
        self._registry, self._insight, self._producer = registry, insight, producer
        self._known: Mapping[str, TypeOutlook] | None = None
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def by_type(self) -> Mapping[str, TypeOutlook] | None:
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked_at > FRESH_S:
                self._known, self._asked_at = await self._ask(), now
        return self._known

    async def _ask(self) -> Mapping[str, TypeOutlook] | None:
        try:
            workers = [record.info.capabilities for record in await self._registry.workers()]
            waiting = (await self._producer.depth()).queued_by_type
            times = await self._insight.service_times(tuple(CATALOGUE))
        except QueueUnavailable:
            log.warning("What can be done now is not known: Redis does not answer")
            return None
        needs = {
            name: Requirements(type=name, models=(job_type.model,) if job_type.model else ())
            for name, job_type in CATALOGUE.items()
        }
        return {
            name: TypeOutlook(sum(fits(need, can) for can in workers), waiting.get(name, 0), times[name])
            for name, need in needs.items()
        }
