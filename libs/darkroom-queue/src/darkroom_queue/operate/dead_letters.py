"""Dead letters: failed steps, stored as submitted for seven days, to be inspected, requeued or purged."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from darkroom_schemas.ids import StepId
from darkroom_schemas.step import StepView

from darkroom_queue.client import QueueClient
from darkroom_queue.errors import ClassShareUsed, StepOfJob, TooManyClasses
from darkroom_queue.lua import load
from darkroom_queue.producer import Producer

log = logging.getLogger(__name__)
_REQUEUE, _PURGE = load("requeue"), load("purge")
MAX_PAGE = 200


@dataclass(frozen=True, slots=True)
class DeadLetterCursor:
    """Position in the list of dead letters: the last one of a page, and when it failed in Unix ms."""

    step_id: str
    failed_ms: int


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """Dead letters, the latest first; `cursor` continues after the last one, None at the end."""

    views: tuple[StepView, ...]
    cursor: DeadLetterCursor | None


class DeadLetters:
    """The dead letters of one shard."""

    def __init__(self, client: QueueClient) -> None:
        self._client, self._producer = client, Producer(client)

    async def page(self, *, limit: int = 50, after: DeadLetterCursor | None = None) -> "DeadLetterPage":
        """Return dead letters with their `error`, the latest first, at most 200 per call.

        Unreadable records are omitted, so a page may be shorter than `limit` without being the last.
        """
        limit = min(limit, MAX_PAGE)
        found = await self._ids(limit + 1, after)
        views = await self._read([StepId(step_id) for step_id, _ in found[:limit]])
        more = len(found) > limit
        return DeadLetterPage(tuple(views), DeadLetterCursor(*found[limit - 1]) if more else None)

    async def _ids(self, count: int, after: DeadLetterCursor | None) -> list[tuple[str, int]]:
        """Return ids and times of failure, in Unix ms, in descending order of both."""
        newest: str | int = "+inf" if after is None else after.failed_ms
        found: list[tuple[str, int]] = []
        offset = 0
        while len(found) < count:
            part: list[tuple[str, float]] = await self._client.guard(
                self._client.redis_py.zrange(
                    self._client.keys.dead_letters,
                    newest,
                    "-inf",
                    desc=True,
                    byscore=True,
                    offset=offset,
                    num=count,
                    withscores=True,
                )
            )
            placed = [(step_id, int(failed_ms)) for step_id, failed_ms in part]
            # Those that failed in the millisecond of the cursor are ordered by their ids.
            found += [one for one in placed if after is None or (one[1], one[0]) < (after.failed_ms, after.step_id)]
            if len(part) < count:
                break
            offset += count
        return found[:count]

    async def _read(self, step_ids: Sequence[StepId]) -> list[StepView]:
        try:
            views = await self._producer.read_many(step_ids)
        except ValueError:
            views = [await self._read_alone(step_id) for step_id in step_ids]
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
