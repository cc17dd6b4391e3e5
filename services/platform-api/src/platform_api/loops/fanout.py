"""One reader of the log and one of the progress channels for all event streams of this process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from darkroom_chassis.logs import get_logger
from darkroom_queue import EventLog, LogTruncated, ProgressFeed, QueueUnavailable
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId

from platform_api.domain.feed import Gap, Subscription
from platform_api.domain.job_stream import EventsLost
from platform_api.metrics import STREAMS_OPEN

log = get_logger(__name__)
BLOCK_MS = 5000
RETRY_S = 0.25
"""Pause while Redis is away."""
START_TIMEOUT_S = 5.0


class Fanout:
    """Implements `JobFeed`: dispatches by job, and never waits for a listener."""

    def __init__(self, event_log: EventLog, progress: ProgressFeed) -> None:
        self._log, self._progress = event_log, progress
        self._listeners: defaultdict[JobId, set[Subscription]] = defaultdict(set)
        self._position: EventId | None = None
        self._reading = asyncio.Event()
        self._stopping = False

    @asynccontextmanager
    async def subscribe(self, job_id: JobId) -> AsyncIterator[Subscription]:
        await self._wait_until_reading()
        subscription = Subscription()
        self._listeners[job_id].add(subscription)
        if self._stopping:
            subscription.close()
        STREAMS_OPEN.inc()
        try:
            async with self._progress_of(job_id):
                yield subscription
        finally:
            STREAMS_OPEN.dec()
            self._listeners[job_id].discard(subscription)
            if not self._listeners[job_id]:
                del self._listeners[job_id]

    def close(self) -> None:
        """End every stream, since the process is stopping: listeners resume at another replica."""
        self._stopping = True
        for listeners in self._listeners.values():
            for subscription in listeners:
                subscription.close()

    async def run_events(self) -> None:
        """Dispatch the log's events for ever, from the moment of the first call on."""
        while True:
            try:
                if self._position is None:
                    self._position = await self._log.tail()
                    self._reading.set()
                await self._dispatch_batch()
            except LogTruncated:
                log.warning("The event log has a gap; streams are told to start afresh")
                self._position = None
                self._tell_gap()
            except QueueUnavailable:
                await asyncio.sleep(RETRY_S)

    async def run_progress(self) -> None:
        """Dispatch progress messages for ever."""
        while True:
            try:
                async for message in self._progress:
                    for subscription in self._listeners.get(message.job_id, ()):
                        subscription.offer_progress(message)
            except QueueUnavailable:
                await asyncio.sleep(RETRY_S)

    async def _dispatch_batch(self) -> None:
        for event in await self._log.read(self._position, block_ms=BLOCK_MS):
            self._position = EventId.parse(event.id)
            for subscription in self._listeners.get(event.job_id, ()):
                subscription.offer(event)

    def _tell_gap(self) -> None:
        for listeners in self._listeners.values():
            for subscription in listeners:
                subscription.offer(Gap())

    async def _wait_until_reading(self) -> None:
        """A listener may come before the first position is known: what happened in between would be lost."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._reading.wait()
        except TimeoutError:
            raise QueueUnavailable("the event log cannot be read yet") from None

    @asynccontextmanager
    async def _progress_of(self, job_id: JobId) -> AsyncIterator[None]:
        """Follow a job's progress if Redis answers; a stream is complete without it."""
        try:
            await self._progress.add(job_id)
        except QueueUnavailable:
            log.warning("Progress cannot be followed: Redis does not answer", job_id=job_id)
        try:
            yield
        finally:
            with suppress(QueueUnavailable):
                await self._progress.remove(job_id)


class LogReplay:
    """Implements `Replay`."""

    def __init__(self, event_log: EventLog) -> None:
        self._log = event_log

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
        try:
            return await self._log.read_job(job_id, after)
        except LogTruncated as error:
            raise EventsLost(str(error)) from error
