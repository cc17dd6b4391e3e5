"""The registry of live workers."""

import logging
from dataclasses import dataclass, replace

from darkroom_schemas.ids import StepId, WorkerId
from darkroom_schemas.worker import WorkerInfo
from pydantic import ValidationError

from darkroom_queue.client import QueueClient

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A registered worker. `seen_at_ms` is the Redis time of its latest heartbeat, in Unix ms."""

    info: WorkerInfo
    seen_at_ms: int
    held: tuple[StepId, ...] = ()
    """Steps that it holds, if they were asked for."""


class Registry:
    """Reads the worker registry of one shard."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    async def workers_with_steps(self) -> list[WorkerRecord]:
        """Return the live workers with the steps that they hold, sorted."""
        records = await self.workers()
        async with self._client.redis_py.pipeline(transaction=False) as pipe:
            for record in records:
                pipe.smembers(self._client.keys.held(record.info.worker_id))
            held: list[set[str]] = await self._client.guard(pipe.execute())
        return [
            replace(record, held=tuple(StepId(step_id) for step_id in sorted(steps)))
            for record, steps in zip(records, held, strict=True)
        ]

    async def worker_with_steps(self, worker_id: WorkerId) -> WorkerRecord | None:
        """Return a live worker with the steps that it holds; None if there is none, or its record is unreadable."""
        keys = self._client.keys
        async with self._client.redis_py.pipeline(transaction=False) as pipe:
            pipe.hget(keys.worker(worker_id), "info")
            pipe.zscore(keys.workers, worker_id)
            pipe.smembers(keys.held(worker_id))
            info, seen_at_ms, held = await self._client.guard(pipe.execute())
        record = None if info is None else _record(worker_id, info, int(seen_at_ms or 0))
        return None if record is None else replace(record, held=tuple(StepId(step_id) for step_id in sorted(held)))

    async def workers(self) -> list[WorkerRecord]:
        """Return the live workers, the most recently seen last. Unreadable records are omitted."""
        client, keys = self._client.redis_py, self._client.keys
        seen: list[tuple[str, float]] = await self._client.guard(client.zrange(keys.workers, 0, -1, withscores=True))
        async with client.pipeline(transaction=False) as pipe:
            for worker_id, _ in seen:
                pipe.hget(keys.worker(WorkerId(worker_id)), "info")
            infos: list[str | None] = await self._client.guard(pipe.execute())
        records = [
            _record(worker_id, info, int(at))
            for (worker_id, at), info in zip(seen, infos, strict=True)
            if info is not None
        ]
        return [record for record in records if record is not None]


def _record(worker_id: str, info: str, seen_at_ms: int) -> WorkerRecord | None:
    try:
        return WorkerRecord(WorkerInfo.model_validate_json(info), seen_at_ms)
    except ValidationError:
        log.warning("The record of worker %s is unreadable and is omitted", worker_id)
        return None
