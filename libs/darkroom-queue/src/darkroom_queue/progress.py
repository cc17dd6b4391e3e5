"""Live progress: ephemeral, latest value only, by pub/sub."""

import asyncio
import math
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from darkroom_schemas.channels import ProgressMessage, job_progress
from darkroom_schemas.ids import JobId
from redis.asyncio.client import PubSub

from darkroom_queue.errors import QueueUnavailable
from darkroom_queue.link import RedisLink

POLL_S = 5.0


class ProgressFeed:
    """Async context manager; iterate over it for the messages of the jobs added so far.

    After a `QueueUnavailable`, iterating again goes on, on another server too.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._interest: dict[JobId, int] = {}
        self._everything = self._lost = False
        self._subscribed = asyncio.Event()
        self._pubsub = self._new_pubsub()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves this one unannotated

    def _new_pubsub(self) -> PubSub:
        return self._link.client.pubsub(ignore_subscribe_messages=True)

    async def _begin_anew(self) -> None:
        """Subscribe again, on whatever server serves the shard by now."""
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]  # likewise
        await self._link.epoch()
        self._pubsub = self._new_pubsub()
        if self._everything:
            await self._link.guard(self._pubsub.psubscribe(job_progress(JobId("*"))))
        if self._interest:
            await self._link.guard(self._pubsub.subscribe(*map(job_progress, self._interest)))

    async def add(self, job_id: JobId) -> None:
        """Begin to receive a job's progress; adding it twice needs removing it twice."""
        self._interest[job_id] = self._interest.get(job_id, 0) + 1
        if self._interest[job_id] == 1:
            await self._link.guard(self._pubsub.subscribe(job_progress(job_id)))
            self._subscribed.set()

    async def add_all(self) -> None:
        """Receive the progress of every job."""
        self._everything = True
        await self._link.guard(self._pubsub.psubscribe(job_progress(JobId("*"))))
        self._subscribed.set()

    async def remove(self, job_id: JobId) -> None:
        """Take back one `add`."""
        self._interest[job_id] -= 1
        if not self._interest[job_id]:
            del self._interest[job_id]
            await self._link.guard(self._pubsub.unsubscribe(job_progress(job_id)))
            if not self._interest:
                self._subscribed.clear()

    async def __aiter__(self) -> AsyncIterator[ProgressMessage]:
        loop, asked_at = asyncio.get_running_loop(), math.inf
        while True:
            await self._subscribed.wait()
            if self._lost:
                await self._begin_anew()
                self._lost = False
            try:
                message = await self._link.guard(self._pubsub.get_message(timeout=POLL_S))
            except QueueUnavailable:
                self._lost = True
                raise
            if message is not None:
                asked_at = math.inf
            elif asked_at == math.inf:
                await self._link.guard(self._pubsub.ping())
                asked_at = loop.time()
            elif loop.time() - asked_at >= POLL_S and self._pubsub.connection is not None:
                await self._pubsub.connection.disconnect()  # half-open; the next read connects and subscribes again
                asked_at = math.inf
            if message is not None and message["type"] in {"message", "pmessage"}:
                yield ProgressMessage.model_validate_json(message["data"])
