"""Publishes the state of the queue as metrics. All replicas publish the same numbers, a few seconds apart."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping

from darkroom_queue import Control, DeadLetters, Insight, JobIndex, Measurement, Meter, Producer, QueueDepth
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.channels import WorkerState

from queue_api import metrics
from queue_api.domain.ports import FleetSource

EVERY_S = 5.0
OTHER = "other"
"""Label of step types that are not in the catalogue: clients choose them freely, and labels are never removed."""
UNMEASURED_S = 10.0
"""Assumed service time of a type until five of its steps were measured, so that scaling can start from nothing."""
LIVE_STATES = (WorkerState.IDLE, WorkerState.BUSY)


class Gauges:
    """Measures the queue every five seconds."""

    def __init__(
        self,
        meter: Meter,
        *,
        producer: Producer,
        jobs: JobIndex,
        dead_letters: DeadLetters,
        insight: Insight,
        control: Control,
        fleet: FleetSource,
    ) -> None:
        self._meter, self._producer, self._jobs, self._dead_letters = meter, producer, jobs, dead_letters
        self._insight, self._control, self._fleet = insight, control, fleet

    async def run(self) -> None:
        """Measure until cancelled. Raises `RedisUnavailable`."""
        while True:
            await self.publish()
            await asyncio.sleep(EVERY_S)

    async def publish(self) -> None:
        """Measure once."""
        _set_server(await self._meter.measure())
        depth = await self._producer.depth()
        metrics.DELAYED_STEPS.set(depth.delayed)
        metrics.DEAD_LETTERS.set(await self._dead_letters.count())
        metrics.PAUSED_TYPES.set(len(await self._control.paused()))
        self._set_workers()
        oldest, now_ms = await self._jobs.oldest_waiting(), time.time_ns() // 1_000_000
        ages_s: dict[str, float] = {}
        for name, since_ms in oldest.items():
            ages_s[_label(name)] = max(ages_s.get(_label(name), 0.0), (now_ms - since_ms) / 1000)
        await self._set_types(depth, ages_s)

    async def _set_types(self, depth: QueueDepth, ages_s: Mapping[str, float]) -> None:
        waiting, running = _by_label(depth.queued_by_type), _by_label(depth.running_by_type)
        times = await self._insight.service_times([*CATALOGUE])
        for label in (*CATALOGUE, OTHER):
            typical_s, slow_s = times.get(label) or (UNMEASURED_S, UNMEASURED_S)
            metrics.WAITING_STEPS.labels(label).set(waiting[label])
            metrics.RUNNING_STEPS.labels(label).set(running[label])
            metrics.OLDEST_WAIT_SECONDS.labels(label).set(ages_s.get(label, 0.0))
            steps = waiting[label] + running[label]
            metrics.WORK_SECONDS.labels(label).set(steps * typical_s)
            metrics.WORK_UPPER_SECONDS.labels(label).set(steps * slow_s)

    def _set_workers(self) -> None:
        states = Counter(known.status for known in self._fleet.workers.values())
        for state in LIVE_STATES:
            metrics.WORKERS.labels(state.value).set(states[state])


def _set_server(found: Measurement) -> None:
    metrics.LEASES.set(found.leases)
    metrics.OVERDUE_LEASES.set(found.overdue_leases)
    metrics.LOG_ENTRIES.set(found.log_entries)
    metrics.REDIS_MEMORY_BYTES.set(found.memory_bytes)
    metrics.REDIS_MEMORY_LIMIT_BYTES.set(found.memory_limit_bytes)
    for reader, lag_s in found.reader_lag_s.items():
        metrics.LOG_LAG_SECONDS.labels(reader).set(lag_s)


def _label(step_type: str) -> str:
    return step_type if step_type in CATALOGUE else OTHER


def _by_label(counts: Mapping[str, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, number in counts.items():
        found[_label(name)] += number
    return found
