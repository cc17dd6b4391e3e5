"""Reading the event log: from an id on, block for more, replay one job."""

from dataclasses import replace
from typing import Any, cast

from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, StepId, TenantId
from pydantic_core import from_json

from darkroom_queue.errors import LogTruncated
from darkroom_queue.link import RedisLink

_Entries = list[tuple[str, dict[str, str]]]
MAX_BLOCK_MS = 5000


class EventLog:
    """Reads one shard's log. A reader keeps its own offset; the log knows nobody."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._read_to: EventId | None = None

    async def read(self, after: EventId | None, *, count: int = 500, block_ms: int = 0) -> list[Event]:
        """Return what follows `after` (None: all that is kept), waiting up to `block_ms` (≤ 5,000) if nothing does yet.

        Raises `LogTruncated` if the log does not reach back to `after`, or `after` is of another epoch.
        """
        epoch = await self._link.epoch()
        client, key = self._link.client, self._link.keys.log  # only now: the server may be another one than before
        if after is not None and after != self._read_to:
            await self._check_covers(after, epoch)
        start = after.stream_id if after else "0-0"
        block = min(block_ms, MAX_BLOCK_MS) or None
        answer = await self._link.guard(client.xread({key: start}, count=count, block=block))
        if after is not None and await self._link.epoch() != after.epoch:
            raise LogTruncated(f"the server was restarted since {after}")
        entries = _only_stream(answer)
        if after is not None and len(entries) == count:
            await self._check_covers(after, epoch)  # a reader that lags this much may have been overtaken by trimming
        events = [self._event(entry_id, fields["e"]) for entry_id, fields in entries]
        self._read_to = EventId.parse(events[-1].id) if events else after
        return events

    async def tail(self) -> EventId:
        """Return the id of the latest event; nothing has happened after it yet."""
        epoch = await self._link.epoch()
        last: _Entries = await self._link.guard(self._link.client.xrevrange(self._link.keys.log, count=1))
        ms, seq = map(int, last[0][0].split("-")) if last else (0, 0)
        return EventId(self._link.shard, epoch, ms, seq)

    async def rejoin(self, after: EventId) -> EventId:
        """Return the place of `after` in the present epoch, for a reader that wants all that a restart left.

        Raises `LogTruncated` if the log does not reach back to it.
        """
        epoch = await self._link.epoch()
        place = replace(after, epoch=epoch)
        await self._check_covers(place, epoch)
        return place

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
        """Return the kept events of one job that follow `after`; raises `LogTruncated` if some may be missing."""
        epoch = await self._link.epoch()
        lines: list[str] = await self._link.guard(self._link.client.lrange(self._link.keys.job_events(job_id), 0, -1))
        events = [self._event(*line.split("\t", 1)) for line in lines]
        if after is None:
            return events
        if after.epoch != epoch or not events or EventId.parse(events[0].id) > after:
            raise LogTruncated(f"the events of job {job_id} are not kept back to {after}")
        return [event for event in events if EventId.parse(event.id) > after]

    async def _check_covers(self, after: EventId, epoch: int) -> None:
        if after.epoch != epoch:
            raise LogTruncated(f"{after} is of another epoch than {epoch}")
        first: _Entries = await self._link.guard(self._link.client.xrange(self._link.keys.log, count=1))
        if (after.ms, after.seq) == (0, 0) or not first:
            return
        if _position(first[0][0]) > (after.ms, after.seq):
            raise LogTruncated(f"the log begins after {after}")

    def _event(self, entry_id: str, line: str) -> Event:
        epoch, kind, job, step, tenant, data = line.split("\t", 5)
        ms, seq = _position(entry_id)
        return Event(
            id=str(EventId(self._link.shard, int(epoch), ms, seq)), type=kind, job_id=JobId(job),
            step_id=StepId(step) if step else None, tenant=TenantId(tenant), at_ms=ms, data=from_json(data),
        )  # fmt: skip


def _position(entry_id: str) -> tuple[int, int]:
    ms, _, seq = entry_id.partition("-")
    return int(ms), int(seq)


def _only_stream(answer: Any) -> _Entries:
    """Unwrap XREAD's answer about the one stream that was asked for."""
    return cast("_Entries", answer[0][1]) if answer else []
