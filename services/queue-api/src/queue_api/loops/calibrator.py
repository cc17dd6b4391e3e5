"""Takes samples of waiting steps, foretells their start, and watches when they do start."""

import asyncio
import time

from darkroom_chassis.isolation import Isolation
from darkroom_queue import EventFanout, Insight
from darkroom_queue.log.fanout import Reset
from darkroom_redis import RedisUnavailable
from darkroom_schemas.events import STEP_TERMINAL, EventType

from queue_api.domain.calibration import Calibration
from queue_api.metrics import ETA_STARTS

SAMPLE_EVERY_S = 1.0


class Calibrator:
    """One sample a second and process, whatever the depth of the queue."""

    def __init__(self, insight: Insight, fanout: EventFanout, calibration: Calibration) -> None:
        self._insight, self._fanout, self._calibration = insight, fanout, calibration
        self._isolation = Isolation("eta-samples", (RedisUnavailable,))

    async def sample(self) -> None:
        """Foretell the start of one random step after the other, for ever."""
        while True:
            await asyncio.sleep(SAMPLE_EVERY_S)
            try:
                await self._isolation.attempt(self.foretell_one, _leave)
            except RedisUnavailable:
                continue  # the next second tries again

    async def foretell_one(self) -> None:
        """Foretell the start of a random step, if it waits and enough is known."""
        step_id = await self._insight.random_step()
        waiting = await self._insight.why_waiting(step_id) if step_id else None
        if step_id and waiting and waiting.start_in_s:
            self._calibration.foretell(step_id, time.time() * 1000, waiting.start_in_s)

    async def watch(self) -> None:
        """Judge what was foretold by the events of the log, for ever."""
        async for event in self._fanout.follow(since=None):
            if isinstance(event, Reset) or event.step_id is None:
                continue
            if event.type == EventType.STEP_STARTED:
                if verdict := self._calibration.started(event.step_id, event.at_ms):
                    ETA_STARTS.labels(verdict).inc()
            elif event.type in STEP_TERMINAL:
                self._calibration.ended(event.step_id)


async def _leave(_: Exception) -> None:
    """Leave a step that cannot be read to its owner; the next second takes another one."""
