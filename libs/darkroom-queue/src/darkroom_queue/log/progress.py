"""Live progress by pub/sub: not stored, latest value only."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from darkroom_redis.errors import RedisUnavailable
from darkroom_schemas.channels import ProgressMessage, job_progress
from darkroom_schemas.ids import JobId
from pydantic import ValidationError
from redis.asyncio.client import PubSub

from darkroom_queue.client import QueueClient
from darkroom_queue.log.pubsub import OneConnectionPubSub, close_pubsub

log = logging.getLogger(__name__)
POLL_S = 5.0


class ProgressFeed:
    """Async context manager and iterator over the progress messages of all added jobs.

    Raises `RedisUnavailable` during an outage. Iterating again continues, also on another server, with all added jobs.
    """

    def __init__(self, client: QueueClient) -> None:
        self._client = client
        self._interest: dict[JobId, int] = {}
        self._unsubscribed: set[JobId] = set()
        """Added jobs to which the current connection has not subscribed."""
        self._everything = False
        self._wanted = asyncio.Event()
        self._connecting = asyncio.Lock()
        self._pubsub: PubSub | None = None
        """None before the first subscription and after the loss of the connection."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    def want(self, job_id: JobId) -> None:
        """Add a job without waiting for Redis. Each call needs one `remove`.

        `subscribe` takes effect at once, otherwise the iterator subscribes within seconds.
        """
        self._interest[job_id] = self._interest.get(job_id, 0) + 1
        if self._interest[job_id] == 1:
            self._unsubscribed.add(job_id)
            self._wanted.set()

    async def add(self, job_id: JobId) -> None:
        """Add a job and subscribe to its progress. Each call needs one `remove`."""
        self.want(job_id)
        await self.subscribe()

    async def subscribe(self) -> None:
        """Subscribe to all added jobs that are not subscribed to yet."""
        if not self._unsubscribed:
            return
        if self._pubsub is None:
            await self._connected()  # with these subscriptions among the others
        elif _is_alive(self._pubsub):  # otherwise the iterator reconnects and subscribes
            added, self._unsubscribed = self._unsubscribed, set()
            await self._client.guard(self._pubsub.subscribe(*map(job_progress, added)))

    async def add_all(self) -> None:
        """Subscribe to the progress of all jobs."""
        self._everything = True
        self._wanted.set()
        pubsub = await self._connected()
        if _is_alive(pubsub):
            await self._client.guard(pubsub.psubscribe(job_progress(JobId("*"))))

    async def remove(self, job_id: JobId) -> None:
        """Undo one `add` or `want`."""
        self._interest[job_id] -= 1
        if not self._interest[job_id]:
            del self._interest[job_id]
            self._unsubscribed.discard(job_id)
            if not self._interest and not self._everything:
                self._wanted.clear()
            if self._pubsub is not None and _is_alive(self._pubsub):
                await self._client.guard(self._pubsub.unsubscribe(job_progress(job_id)))

    async def __aiter__(self) -> AsyncIterator[ProgressMessage]:
        loop, asked_at = asyncio.get_running_loop(), math.inf
        while True:
            await self._wanted.wait()
            pubsub = await self._connected()
            if pubsub.connection is None:  # all jobs have been removed meanwhile
                await self._close()
                continue
            try:
                await self.subscribe()
                message = await self._client.guard(pubsub.get_message(timeout=POLL_S))
                if message is not None:
                    asked_at = math.inf
                elif asked_at == math.inf:
                    await self._client.guard(pubsub.ping())
                    asked_at = loop.time()
                elif loop.time() - asked_at >= POLL_S:  # half-open
                    await self._close()
                    asked_at = math.inf
            except RedisUnavailable:
                await self._close()
                raise
            if message is not None and message["type"] in {"message", "pmessage"}:
                try:
                    progress = ProgressMessage.model_validate_json(message["data"])
                except ValidationError:
                    log.warning("A message on %s is not a progress message and is ignored", message["channel"])
                    continue
                yield progress

    async def _connected(self) -> PubSub:
        """Return the connection, or open one to the current server of the shard, with all subscriptions."""
        async with self._connecting:
            if self._pubsub is None:
                await self._client.epoch()
                pubsub = OneConnectionPubSub(self._client.redis_py.connection_pool, ignore_subscribe_messages=True)
                try:
                    await self._subscribe_all(pubsub)
                except BaseException:
                    await close_pubsub(pubsub)
                    raise
                self._pubsub = pubsub
            return self._pubsub

    async def _subscribe_all(self, pubsub: PubSub) -> None:
        """Subscribe to all added jobs. Repeats until no job was added or removed while the commands were written."""
        if self._everything:
            await self._client.guard(pubsub.psubscribe(job_progress(JobId("*"))))
        subscribed: set[JobId] = set()
        self._unsubscribed.clear()
        while subscribed != self._interest.keys():
            added, removed = self._interest.keys() - subscribed, subscribed - self._interest.keys()
            if added:
                await self._client.guard(pubsub.subscribe(*map(job_progress, added)))
            if removed:
                await self._client.guard(pubsub.unsubscribe(*map(job_progress, removed)))
            subscribed = (subscribed | added) - removed

    async def _close(self) -> None:
        pubsub, self._pubsub = self._pubsub, None
        if pubsub is not None:
            await close_pubsub(pubsub)


def _is_alive(pubsub: PubSub) -> bool:
    return pubsub.connection is not None and pubsub.connection.is_connected
