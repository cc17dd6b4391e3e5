"""The event streams of this process: one reader of the log, and one of the progress channels, for all of them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from darkroom_chassis.availability import ADVISORY_S, Availability, ServerUnavailable
from darkroom_queue import EventFanout, ProgressFeed
from darkroom_queue.log.fanout import Topic, of_job, of_tenant
from darkroom_redis import RedisUnavailable
from darkroom_schemas.ids import EventId, JobId, TenantId, UserId

from platform_api.domain.streams.subscription import Subscription
from platform_api.domain.streams.user_stream import concerns_user
from platform_api.metrics import STREAMS_OPEN

START_TIMEOUT_S = 1.0


class Fanout:
    """Implements `JobSubscriptions` and `UserSubscriptions`; never waits for a client."""

    def __init__(self, events: EventFanout, progress: ProgressFeed, redis: Availability) -> None:
        self._events, self._progress, self._redis = events, progress, redis
        self._open: set[Subscription] = set()
        self._progress_of: dict[JobId, set[Subscription]] = defaultdict(set)
        self._stopping = False

    @asynccontextmanager
    async def subscribe(self, job_id: JobId) -> AsyncIterator[Subscription]:
        subscription = Subscription()
        async with self._registered(of_job(job_id), subscription):
            await self.follow_progress(job_id, subscription)
            try:
                yield subscription
            finally:
                await self.unfollow_progress(job_id, subscription)

    @asynccontextmanager
    async def subscribe_user(self, user_id: UserId) -> AsyncIterator[tuple[Subscription, EventId]]:
        subscription = Subscription(concerns_user)
        async with self._registered(of_tenant(TenantId(user_id)), subscription) as position:
            yield subscription, position

    async def follow_progress(self, job_id: JobId, subscription: Subscription) -> None:
        """Follow a job's progress. A stream is complete without it, so this waits for Redis only briefly."""
        self._progress_of[job_id].add(subscription)
        self._progress.want(job_id)
        with suppress(ServerUnavailable):  # the reader subscribes to all wanted channels once Redis is back
            await self._redis.ask(self._progress.subscribe)

    async def unfollow_progress(self, job_id: JobId, subscription: Subscription) -> None:
        """Undo one `follow_progress`."""
        self._progress_of[job_id].discard(subscription)
        if not self._progress_of[job_id]:
            del self._progress_of[job_id]
        with suppress(RedisUnavailable, TimeoutError):  # Redis drops the subscriptions of a lost connection
            async with asyncio.timeout(ADVISORY_S):
                await self._progress.remove(job_id)

    def close(self) -> None:
        """End every stream, since the process is stopping; clients resume at another replica."""
        self._stopping = True
        for subscription in self._open:
            subscription.close()

    async def run_progress(self) -> None:
        """Dispatch progress messages until cancelled. Raises `RedisUnavailable`; a new run subscribes again."""
        async for message in self._progress:
            for subscription in self._progress_of.get(message.job_id, ()):
                subscription.offer_progress(message)

    @asynccontextmanager
    async def _registered(self, topic: Topic, subscription: Subscription) -> AsyncIterator[EventId]:
        async with self._events.listen(topic, subscription, wait_s=START_TIMEOUT_S) as position:
            self._open.add(subscription)
            if self._stopping:
                subscription.close()
            STREAMS_OPEN.inc()
            try:
                yield position
            finally:
                STREAMS_OPEN.dec()
                self._open.discard(subscription)
