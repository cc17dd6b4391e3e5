"""Groups in Redis."""

from darkroom_queue import QueueClient
from darkroom_schemas.ids import JobId, StepId
from pydantic import ValidationError

from queue_api.domain.groups.overdue import Clocks
from queue_api.domain.groups.record import GroupCursor, GroupRecord

ACTIVE_TTL_S = 30 * 86_400
"""Safety limit for a group whose end nobody has seen."""
ENDED_TTL_S = 86_400
SAME_MS = 100
"""Most groups that a cursor skips because they began within the same millisecond."""
MAX_LISTED = 10_000
"""Groups that are listed, the latest ones; those that have expired leave the list when it is read."""


class GroupStore:
    """Implements `Groups`: stores groups until a day after their end."""

    def __init__(self, redis_client: QueueClient) -> None:
        self._client = redis_client

    async def add(self, record: GroupRecord, request: str, fingerprint: str) -> str | None:
        """Store a new group with its request as JSON.

        Returns None, or the fingerprint of the request that stored a group of this id before.
        """
        key, redis = self._key(record.id), self._client.redis_py
        async with redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(key, "fingerprint", fingerprint)
            pipe.hget(key, "fingerprint")
            pipe.hexists(key, "record")
            pipe.expire(key, ACTIVE_TTL_S, nx=True)
            _, stored, is_complete, _ = await self._client.guard(pipe.execute())
        if stored != fingerprint or is_complete:
            return str(stored)
        async with redis.pipeline(transaction=True) as pipe:
            pipe.hset(key, mapping={"record": record.model_dump_json(), "request": request})
            pipe.zadd(self._active, {record.id: record.created_ms})
            pipe.zadd(self._listed, {record.id: record.created_ms})
            pipe.zremrangebyrank(self._listed, 0, -MAX_LISTED - 1)
            pipe.expire(self._listed, ACTIVE_TTL_S)
            await self._client.guard(pipe.execute())
        return None

    async def get(self, group_id: JobId) -> GroupRecord | None:
        """Return a group; None if there is none, or it has expired."""
        text: str | None = await self._client.guard(self._client.redis_py.hget(self._key(group_id), "record"))
        return _record(text)

    async def request(self, group_id: JobId) -> str | None:
        """Return the request of a group as JSON; None once all children are in the queue."""
        text: str | None = await self._client.guard(self._client.redis_py.hget(self._key(group_id), "request"))
        return text

    async def all_submitted(self, group_id: JobId) -> None:
        """Forget the request: all children are in the queue."""
        await self._client.guard(self._client.redis_py.hdel(self._key(group_id), "request"))

    async def cancel(self, record: GroupRecord, at_ms: int) -> GroupRecord:
        """Mark a group as cancelled; its children that are not in the queue yet never will be."""
        cancelled = record.model_copy(update={"cancelled_ms": record.cancelled_ms or at_ms})
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            pipe.hset(self._key(record.id), mapping={"record": cancelled.model_dump_json()})
            pipe.hdel(self._key(record.id), "request")
            await self._client.guard(pipe.execute())
        return cancelled

    async def clocks(self, group_id: JobId, begun: Clocks) -> Clocks:
        """Record when the time of children began, unless that is known, and return what is known of all."""
        key = self._client.keys.key(f"gc:{group_id}")
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            for step_id, at_ms in begun.items():
                pipe.hsetnx(key, step_id, at_ms)
            pipe.expire(key, ENDED_TTL_S)
            pipe.hgetall(key)
            *_, known = await self._client.guard(pipe.execute())
        return {StepId(step_id): int(at_ms) for step_id, at_ms in known.items()}

    async def ended(self, group_id: JobId) -> None:
        """Let a group expire in a day."""
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            pipe.expire(self._key(group_id), ENDED_TTL_S)
            pipe.hdel(self._key(group_id), "request")
            pipe.zrem(self._active, group_id)
            await self._client.guard(pipe.execute())

    async def active(self, limit: int, offset: int = 0) -> list[JobId]:
        """Return groups whose end has not been seen, the oldest first."""
        found: list[str] = await self._client.guard(
            self._client.redis_py.zrange(self._active, offset, offset + limit - 1)
        )
        return [JobId(one) for one in found]

    async def page(self, limit: int, after: GroupCursor | None) -> tuple[list[GroupRecord], GroupCursor | None]:
        """Return up to `limit` groups, the latest first, and the cursor of the next page; None on the last one."""
        redis, most = self._client.redis_py, "+inf" if after is None else after.at_ms
        read = limit + 1 if after is None else limit + SAME_MS
        asked = redis.zrange(self._listed, most, "-inf", desc=True, byscore=True, offset=0, num=read, withscores=True)
        found = [GroupCursor(int(score), JobId(name)) for name, score in await self._client.guard(asked)]
        if after is not None:
            found = [one for one in found if (one.at_ms, one.group_id) < (after.at_ms, after.group_id)]
        shown = found[:limit]
        async with redis.pipeline(transaction=False) as pipe:
            for one in shown:
                pipe.hget(self._key(one.group_id), "record")
            records = [_record(text) for text in await self._client.guard(pipe.execute())]
        gone = [one.group_id for one, record in zip(shown, records, strict=True) if record is None]
        if gone:
            await self._client.guard(redis.zrem(self._listed, *gone))
        return [one for one in records if one is not None], shown[-1] if len(found) > limit else None

    async def count_active(self) -> int:
        """Return the number of groups whose end has not been seen."""
        number: int = await self._client.guard(self._client.redis_py.zcard(self._active))
        return number

    @property
    def _active(self) -> str:
        return self._client.keys.key("ga")

    @property
    def _listed(self) -> str:
        return self._client.keys.key("gl")

    def _key(self, group_id: JobId) -> str:
        return self._client.keys.key(f"g:{group_id}")


def _record(text: str | None) -> GroupRecord | None:
    try:
        return None if text is None else GroupRecord.model_validate_json(text)
    except ValidationError:
        return None
