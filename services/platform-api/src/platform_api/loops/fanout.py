"""One reader of the log and one of the progress channels for all event streams of this process."""

import asyncio
from collections.abc import AsyncIterator, Collection, Hashable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Generic, TypeVar

from darkroom_chassis.availability import ADVISORY_S, Availability, ServerAway
from darkroom_chassis.logs import get_logger
from darkroom_queue import EventLog, LogTruncated, ProgressFeed
from darkroom_redis import RedisUnavailable
from darkroom_schemas.ids import EventId, JobId, UserId

from platform_api.domain.streams.subscription import Reset, Subscription
from platform_api.domain.streams.user_stream import concerns_user
from platform_api.metrics import STREAMS_OPEN

log = get_logger(__name__)
BLOCK_MS = 5000
RETRY_S = 0.25
"""Pause while Redis is away."""
START_TIMEOUT_S = 1.0

Topic = TypeVar("Topic", bound=Hashable)


class Fanout:
    """Implements `JobSubscriptions` and `UserSubscriptions`; never waits for a listener."""

    def __init__(self, event_log: EventLog, progress: ProgressFeed, redis: Availability) -> None:
        self._log, self._progress, self._redis = event_log, progress, redis
        self._of_job, self._of_user = Topics[JobId](), Topics[str]()
        self._progress_of = Topics[JobId]()
        self._position: EventId | None = None
        self._reading = asyncio.Event()
        self._stopping = False

    @asynccontextmanager
    async def subscribe(self, job_id: JobId) -> AsyncIterator[Subscription]:
        async with self._registered(self._of_job, job_id) as subscription:
            await self.follow_progress(job_id, subscription)
            try:
                yield subscription
            finally:
                await self.unfollow_progress(job_id, subscription)

    @asynccontextmanager
    async def subscribe_user(self, user_id: UserId) -> AsyncIterator[tuple[Subscription, EventId]]:
        async with self._registered(self._of_user, user_id) as subscription:
            if self._position is None:
                raise RedisUnavailable("the event log cannot be read now")
            yield subscription, self._position

    async def follow_progress(self, job_id: JobId, subscription: Subscription) -> None:
        """Follow a job's progress; a stream is complete without it, so it waits for Redis no longer than a moment."""
        self._progress_of.add(job_id, subscription)
        self._progress.want(job_id)
        with suppress(ServerAway):  # the reader subscribes to what is wanted when Redis is back
            await self._redis.ask(self._progress.subscribe)

    async def unfollow_progress(self, job_id: JobId, subscription: Subscription) -> None:
        """Take back one `follow_progress`."""
        self._progress_of.discard(job_id, subscription)
        with suppress(RedisUnavailable, TimeoutError):  # Redis forgets what a lost connection was subscribed to
            async with asyncio.timeout(ADVISORY_S):
                await self._progress.remove(job_id)

    def close(self) -> None:
        """End every stream, since the process is stopping: listeners resume at another replica."""
        self._stopping = True
        for subscription in self._everybody():
            subscription.close()

    async def run_events(self) -> None:
        """Dispatch the log's events for ever, from the moment of the first call on."""
        has_gap = False
        while True:
            try:
                if self._position is None:
                    self._position = await self._log.tail()
                    self._reading.set()
                if has_gap:
                    # Only now: whoever takes a snapshot after a gap has it from before the next event.
                    self._tell_gap(self._position)
                    has_gap = False
                await self._dispatch_batch()
            except LogTruncated:
                log.warning("The event log has a gap; streams are told to start afresh")
                self._position, has_gap = None, True
            except RedisUnavailable:
                await asyncio.sleep(RETRY_S)

    async def run_progress(self) -> None:
        """Dispatch progress messages for ever."""
        while True:
            try:
                async for message in self._progress:
                    for subscription in self._progress_of.at(message.job_id):
                        subscription.offer_progress(message)
            except RedisUnavailable:
                await asyncio.sleep(RETRY_S)

    async def _dispatch_batch(self) -> None:
        for event in await self._log.read(self._position, block_ms=BLOCK_MS):
            self._position = EventId.parse(event.id)
            for subscription in self._of_job.at(event.job_id):
                subscription.offer(event)
            if concerns_user(event):
                for subscription in self._of_user.at(event.tenant):
                    subscription.offer(event)

    def _tell_gap(self, position: EventId) -> None:
        for subscription in self._everybody():
            subscription.offer(Reset(position))

    def _everybody(self) -> Iterable[Subscription]:
        return (*self._of_job.everybody(), *self._of_user.everybody())

    @asynccontextmanager
    async def _registered(self, topics: "Topics[Topic]", topic: Topic) -> AsyncIterator[Subscription]:
        await self._wait_until_reading()
        subscription = Subscription()
        topics.add(topic, subscription)
        if self._stopping:
            subscription.close()
        STREAMS_OPEN.inc()
        try:
            yield subscription
        finally:
            STREAMS_OPEN.dec()
            topics.discard(topic, subscription)

    async def _wait_until_reading(self) -> None:
        """A listener may come before the first position is known: what happened in between would be lost."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._reading.wait()
        except TimeoutError:
            raise RedisUnavailable("the event log cannot be read yet") from None


class Topics(Generic[Topic]):
    """Who listens to what."""

    def __init__(self) -> None:
        self._listeners: dict[Topic, set[Subscription]] = {}

    def add(self, topic: Topic, subscription: Subscription) -> None:
        self._listeners.setdefault(topic, set()).add(subscription)

    def discard(self, topic: Topic, subscription: Subscription) -> None:
        listeners = self._listeners.get(topic, set())
        listeners.discard(subscription)
        if not listeners:
            self._listeners.pop(topic, None)

    def at(self, topic: Topic) -> Collection[Subscription]:
        return self._listeners.get(topic, ())

    def everybody(self) -> Iterable[Subscription]:
        return (subscription for listeners in self._listeners.values() for subscription in listeners)
