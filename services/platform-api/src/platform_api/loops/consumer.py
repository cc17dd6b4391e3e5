"""Applies the event log to PostgreSQL: each batch and the position after it in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Protocol

from darkroom_chassis.isolation import Isolation
from darkroom_chassis.logs import get_logger
from darkroom_chassis.tracing import now_ns
from darkroom_queue import LogTruncated
from darkroom_redis import RedisUnavailable
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import EventId, StepId
from darkroom_schemas.status import TERMINAL

from platform_api.domain.jobs.apply_step_events import JOB_CHANGING, apply_step_events, failure_replacing
from platform_api.domain.jobs.job import Job
from platform_api.domain.jobs.view import AssetUrls
from platform_api.domain.log.offsets import OffsetStore
from platform_api.loops.traces import record_applied
from platform_api.loops.wakeup import Wakeup
from platform_api.metrics import (
    EVENTS_APPLIED,
    EVENTS_UNUSABLE,
    JOB_SECONDS,
    JOB_WAIT_SECONDS,
    JOBS_ENDED,
    type_label,
)

log = get_logger(__name__)
BATCH = 200
BLOCK_MS = 5000
_WITH_RESULT = frozenset({EventType.STEP_COMPLETED, EventType.STEP_CANCELLED})
STORE_EVERY_S = 1.0
"""Interval of storing the position after events that change no job; reading them again is harmless."""


class EventSource(Protocol):
    """The event log, from a position on."""

    async def read(self, after: EventId | None, *, count: int, block_ms: int) -> list[Event]:
        """Raises `LogTruncated` if the log does not reach back to `after`."""
        ...

    async def tail(self) -> EventId: ...


class EventConsumer:
    """Runs in every replica. The stored position ensures that one replica applies each batch."""

    def __init__(
        self,
        event_log: EventSource,
        offsets: OffsetStore,
        urls: AssetUrls,
        *,
        relay_wakeup: Wakeup,
        on_gap: Callable[[], None],
        acknowledge_ends: Callable[[Sequence[StepId]], Awaitable[None]],
        waits: tuple[type[Exception], ...],
    ) -> None:
        self._isolation = Isolation("event-consumer", (RedisUnavailable, *waits))
        self._log, self._offsets, self._urls = event_log, offsets, urls
        self._relay_wakeup, self._on_gap, self._acknowledge_ends = relay_wakeup, on_gap, acknowledge_ends
        self._position: EventId | None = None
        self._stored: EventId | None = None
        self._stored_at = 0.0
        self._moved = asyncio.Condition()

    async def run(self) -> None:
        """Apply events until cancelled. Raises the errors of unavailable servers; a new run continues."""
        if self._position is None:  # a new run must not forget a position that was not stored: it reveals a gap
            await self._start_over()
        while True:
            await self.consume_batch(block_ms=BLOCK_MS)

    async def passed(self, mark: EventId) -> None:
        """Wait until all events up to `mark` have been applied."""
        if mark.ms == 0:
            return  # the log is empty
        async with self._moved:
            await self._moved.wait_for(lambda: self._position is not None and self._position >= mark)

    async def consume_batch(self, *, block_ms: int) -> None:
        """Read and apply the events after the position; wait up to `block_ms` milliseconds if there are none."""
        try:
            events = await self._log.read(self._position, count=BATCH, block_ms=block_ms)
        except LogTruncated:
            await self._skip_gap()
            return
        if not events:
            return
        now = asyncio.get_running_loop().time()
        if not any(event.type in JOB_CHANGING for event in events) and now - self._stored_at < STORE_EVERY_S:
            await self._move_to(EventId.parse(events[-1].id))
            return
        try:
            await self._apply(events)
        except self._isolation.waits:
            raise
        except Exception:
            log.exception("A batch of events cannot be applied; retrying each event alone", first=events[0].id)
            for event in events:
                await self._apply_alone(event)

    async def _apply_alone(self, event: Event) -> None:
        """Apply one event. An event that can never be applied fails its job and does not block later events."""
        work, reject = partial(self._apply, [event]), partial(self._reject, event)
        await self._isolation.attempt(work, reject, event_id=event.id, type=event.type, job_id=event.job_id)

    async def _reject(self, event: Event, _: Exception) -> None:
        """Fail the event's step, or skip the event if the failure cannot be stored either."""
        EVENTS_UNUSABLE.inc()
        try:
            await self._apply([failure_replacing(event)])
        except self._isolation.waits:
            raise
        except Exception:
            log.exception("An event was skipped", event_id=event.id, type=event.type, job_id=event.job_id)
            end = EventId.parse(event.id)
            async with self._offsets.advance(self._stored, end):
                pass
            await self._start_over()

    async def _apply(self, events: Sequence[Event]) -> None:
        end, began_ns = EventId.parse(events[-1].id), now_ns()
        async with self._offsets.advance(self._stored, end) as jobs:
            changes = await apply_step_events(events, jobs=jobs, urls=self._urls) if jobs else None
        if changes is None:
            await self._start_over()
            return
        record_applied(changes, events, start_ns=began_ns)
        self._stored, self._stored_at = end, asyncio.get_running_loop().time()
        await self._move_to(end)
        if changes:
            self._relay_wakeup.wake()
        for change in changes:
            EVENTS_APPLIED.labels(change.history.event).inc()
            if change.state.job.status in TERMINAL:
                _count_end(change.state.job)
        await self._acknowledge({change.source_event_id for change in changes}, events)

    async def _acknowledge(self, applied: Collection[str | None], events: Sequence[Event]) -> None:
        """Report to the queue which results are stored. A report that an outage prevents is not repeated."""
        stored = [event.step_id for event in events if event.type in _WITH_RESULT and event.id in applied]
        if step_ids := [step_id for step_id in stored if step_id is not None]:
            await self._acknowledge_ends(step_ids)

    async def _skip_gap(self) -> None:
        """Continue from the end of the log; the reconciler reads the current state of the steps from the queue."""
        tail = await self._log.tail()
        log.warning("The event log has a gap; checking all active steps", position=str(self._position))
        async with self._offsets.advance(self._stored, tail):
            self._on_gap()
        await self._start_over()

    async def _start_over(self) -> None:
        """Continue from the stored position."""
        self._stored, self._stored_at = await self._offsets.position(), asyncio.get_running_loop().time()
        await self._move_to(self._stored)

    async def _move_to(self, position: EventId | None) -> None:
        async with self._moved:
            self._position = position
            self._moved.notify_all()


def _count_end(job: Job) -> None:
    label = type_label(job.job_type)
    JOBS_ENDED.labels(label, job.status).inc()
    if job.completed_at is not None:
        JOB_SECONDS.labels(label, job.status).observe((job.completed_at - job.created_at).total_seconds())
    if job.started_at is not None:
        JOB_WAIT_SECONDS.labels(label).observe(max(0.0, (job.started_at - job.created_at).total_seconds()))
