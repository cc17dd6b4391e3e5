"""Dead letters: failed steps, stored as submitted for seven days, to be inspected, requeued or purged."""

import logging
from collections.abc import Sequence

from darkroom_schemas.ids import StepId
from darkroom_schemas.step import StepView

from darkroom_queue.client import QueueClient
from darkroom_queue.errors import ClassShareUsed, StepOfJob, TooManyClasses
from darkroom_queue.lua import load
from darkroom_queue.producer import Producer

log = logging.getLogger(__name__)
_REQUEUE, _PURGE = load("requeue"), load("purge")
MAX_PAGE = 200


class DeadLetters:
    """The dead letters of one shard."""

    def __init__(self, client: QueueClient) -> None:
        self._client, self._producer = client, Producer(client)

    async def list(self, *, limit: int = 50, offset: int = 0) -> list[StepView]:
        """Return dead letters with their `error`, the latest first, at most 200 per call.

        Unreadable records are omitted.
        """
        last = offset + min(limit, MAX_PAGE) - 1
        ids: list[str] = await self._client.guard(
            self._client.redis_py.zrange(self._client.keys.dead_letters, offset, last, desc=True)
        )
        try:
            views = await self._producer.read_many([StepId(step_id) for step_id in ids])
        except ValueError:
            views = [await self._read_alone(StepId(step_id)) for step_id in ids]
        return [view for view in views if view is not None]

    async def _read_alone(self, step_id: StepId) -> StepView | None:
        try:
            return await self._producer.read(step_id)
        except ValueError:
            log.warning("The record of step %s is unreadable and is omitted", step_id)
            return None

    async def count(self) -> int:
        """Return the number of dead letters."""
        number: int = await self._client.guard(self._client.redis_py.zcard(self._client.keys.dead_letters))
        return number

    async def requeue(self, step_id: StepId) -> bool:
        """Queue a dead letter again with all of its attempts; False if there is none with this id.

        Raises `TooManyClasses` like a submission, and `StepOfJob` for a step of a user's job.
        """
        code = await self._client.run(_REQUEUE, step_id)
        if code == -3:
            view = await self._producer.read(step_id)
            job = view.job_id if view else "{job id}"
            raise StepOfJob(f"{step_id} belongs to a job that has ended: retry it by POST /api/jobs/{job}/retry")
        if code < 0:
            error = ClassShareUsed if code == -2 else TooManyClasses
            raise error("the class of the step was deleted, and the queue has no room for a new class")
        return bool(code)

    async def purge(self, step_ids: Sequence[StepId] = (), *, failed_before_ms: int = 0) -> int:
        """Delete the given dead letters, and up to 1,000 that failed before a time. Returns the number deleted."""
        return int(await self._client.run(_PURGE, failed_before_ms, 1000, *step_ids))
