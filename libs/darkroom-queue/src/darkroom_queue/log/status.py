"""Status changes of all workers and machines, by pub/sub: not stored."""

import asyncio
import logging
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from darkroom_redis.errors import RedisUnavailable
from darkroom_schemas.channels import MachineStatusMessage, WorkerStatusMessage, machine_status, worker_status
from darkroom_schemas.ids import WorkerId
from pydantic import ValidationError

from darkroom_queue.client import QueueClient
from darkroom_queue.log.pubsub import OneConnectionPubSub, close_pubsub

log = logging.getLogger(__name__)
POLL_S = 5.0
_WORKERS, _MACHINES = worker_status(WorkerId("*")), machine_status("*")

StatusMessage = WorkerStatusMessage | MachineStatusMessage


class StatusFeed:
    """Async context manager, which subscribes, and iterator over the messages since then.

    Raises `RedisUnavailable` when the connection is lost; messages until another feed is open are missed.
    """

    def __init__(self, client: QueueClient) -> None:
        self._client = client
        self._pubsub: OneConnectionPubSub | None = None

    async def __aenter__(self) -> Self:
        await self._client.epoch()
        self._pubsub = OneConnectionPubSub(self._client.redis_py.connection_pool)
        try:
            await self._client.guard(self._pubsub.psubscribe(_WORKERS, _MACHINES))
        except BaseException:
            await close_pubsub(self._pubsub)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pubsub is not None:
            await close_pubsub(self._pubsub)

    async def __aiter__(self) -> AsyncIterator[StatusMessage]:
        pubsub, clock = self._pubsub, asyncio.get_running_loop().time
        if pubsub is None:
            raise RuntimeError("the feed is used outside of its context")
        heard_at, asked = clock(), False
        while True:
            message = await self._client.guard(pubsub.get_message(timeout=POLL_S))
            if message is None:
                if clock() - heard_at >= POLL_S:
                    if asked:  # half-open
                        raise RedisUnavailable("a subscription does not answer")
                    await self._client.guard(pubsub.ping())
                    heard_at, asked = clock(), True
                continue
            heard_at, asked = clock(), False
            if message["type"] == "pmessage" and (read := _read(message["pattern"], message["data"])) is not None:
                yield read


def _read(pattern: str, data: str) -> StatusMessage | None:
    model = WorkerStatusMessage if pattern == _WORKERS else MachineStatusMessage
    try:
        return model.model_validate_json(data)
    except ValidationError:
        log.warning("A message on %s is not a status and is ignored", pattern)
        return None
