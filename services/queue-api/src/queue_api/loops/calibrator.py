"""Samples waiting steps, predicts their start, and compares it with the actual start."""

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
    """Takes one sample per second and process, regardless of the depth of the queue."""

    def __init__(self, insight: Insight, fanout: EventFanout, calibration: Calibration) -> None:
        self._insight, self._fanout, self._calibration = insight, fanout, calibration
        self._isolation = Isolation("eta-samples", (RedisUnavailable,))

    async def sample(self) -> None:
        """Predict the start of one random step per second until cancelled. Raises `RedisUnavailable`."""
        while True:
            await asyncio.sleep(SAMPLE_EVERY_S)
            await self._isolation.attempt(self.predict_one, _skip)

    async def predict_one(self) -> None:
        """Predict the start of a random step, if it waits and its service times are known."""
        step_id = await self._insight.random_step()
        waiting = await self._insight.why_waiting(step_id) if step_id else None
        if step_id and waiting and waiting.start_in_s:
            self._calibration.predict(step_id, time.time() * 1000, waiting.start_in_s)

    async def watch(self) -> None:
        """Compare predictions with the events of the log until cancelled."""
        async for event in self._fanout.follow(since=None):
            if isinstance(event, Reset) or event.step_id is None:
                continue
            if event.type == EventType.STEP_STARTED:
                if verdict := self._calibration.started(event.step_id, event.at_ms):
                    ETA_STARTS.labels(verdict).inc()
            elif event.type in STEP_TERMINAL:
                self._calibration.ended(event.step_id)


async def _skip(_: Exception) -> None:
    """Skip an unreadable step. The next sample is another one."""
