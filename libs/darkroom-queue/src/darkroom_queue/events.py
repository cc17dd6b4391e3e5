"""Reading the event log: from an id on, block for more, replay one job."""

import time
from dataclasses import replace

from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, StepId, TenantId
from pydantic_core import from_json

from darkroom_queue.errors import LogTruncated
from darkroom_queue.link import RedisLink

_Entries = list[tuple[str, list[str]]]
"""Entries of the stream: the id, and `p`, place before it, `e`, line, `e`, line…; see `lua/parts/events.lua`."""
MAX_BLOCK_MS = 5000
TELL_EVERY_S = 1.0
EVENTS_PER_ENTRY = 8
"""A guess, for how many entries to ask; what comes beyond the count is read again."""


class EventLog:
    """Reads one shard's log. A reader keeps its own offset.

    A `reader` with a name is waited for when the log is trimmed: whatever it reads after, it must have stored.
    """

    def __init__(self, link: RedisLink, reader: str | None = None) -> None:
        self._link, self._reader = link, reader
        self._read_to: EventId | None = None
        self._told = 0.0

    async def read(self, after: EventId | None, *, count: int = 500, block_ms: int = 0) -> list[Event]:
        """Return up to `count` events after `after` (None: all that is kept); waits up to `block_ms` (≤ 5,000) for one.

        Only an empty answer means that there are no more. Raises `LogTruncated` if the log does not reach back to
        `after`, or `after` is of another epoch.
        """
        epoch = await self._link.epoch()
        if after is not None and after != self._read_to:
            await self._check_covers(after, epoch)
        if after is not None:
            await self._tell_place(after)
        wanted = max(1, count // EVENTS_PER_ENTRY)
        place = ("STREAMS", self._link.keys.log, after.stream_id if after else "0-0")
        if block_ms:
            wait = ("BLOCK", min(block_ms, MAX_BLOCK_MS))
            answer = await self._link.block("XREAD", "COUNT", wanted, *wait, *place)
        else:
            answer = await self._link.command("XREAD", "COUNT", wanted, *place)
        entries: _Entries = answer[0][1] if answer else []
        if after is not None and len(entries) == wanted:
            await self._check_covers(after, epoch)  # a reader that lags this much may have been overtaken by trimming
        events = [event for entry in entries for event in self._events(entry)]
        if after is not None:
            events = self._following(after, events)
            if await self._link.epoch() != after.epoch:
                raise LogTruncated(f"the server was restarted since {after}")
        events = events[:count]
        self._read_to = EventId.parse(events[-1].id) if events else after
        return events

    async def _tell_place(self, after: EventId) -> None:
        """Let the sweeper know, about once a second, how far the reader has come."""
        now = time.time()
        if self._reader is not None and now - self._told >= TELL_EVERY_S:
            self._told = now
            await self._link.command("HSET", self._link.keys.readers, self._reader, f"{after.ms}\t{round(now * 1000)}")

    def _following(self, after: EventId, events: list[Event]) -> list[Event]:
        """Leave out what an entry holds up to `after`; a later epoch than its own may mean other data.

        Earlier epochs are fine: a reader that rejoined reads what a restart left.
        """
        ids = [EventId.parse(event.id) for event in events]
        if any(found.epoch > after.epoch for found in ids):
            self._link.forget_epoch()
            raise LogTruncated(f"the log is another one than that of {after}")
        return [event for event, found in zip(events, ids, strict=True) if _place(found) > _place(after)]

    async def tail(self) -> EventId:
        """Return the id of the latest event; nothing has happened after it yet."""
        epoch = await self._link.epoch()
        return EventId(self._link.shard, epoch, *await self._last())

    async def beginning(self) -> EventId:
        """Return the place before all that is kept."""
        return EventId(self._link.shard, await self._link.epoch(), 0, 0)

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
        lines: list[str] = await self._link.command("LRANGE", self._link.keys.job_events(job_id), 0, -1)
        events = [self._event(line) for line in lines]
        if after is None:
            return events
        if after.epoch != epoch or not events or EventId.parse(events[0].id) > after:
            raise LogTruncated(f"the events of job {job_id} are not kept back to {after}")
        return [event for event in events if EventId.parse(event.id) > after]

    async def _check_covers(self, after: EventId, epoch: int) -> None:
        if after.epoch != epoch:
            raise LogTruncated(f"{after} is of another epoch than {epoch}")
        if (after.ms, after.seq) == (0, 0):
            return
        last = await self._last()  # before the entries are looked at, or it might be of one that came after the look
        first: _Entries = await self._link.command("XRANGE", self._link.keys.log, "-", "+", "COUNT", 1)
        gone = _parse(first[0][1][1]) if first else last
        if gone > (after.ms, after.seq):
            raise LogTruncated(f"the log begins after {after}")

    async def _last(self) -> tuple[int, int]:
        """Return the place of the latest event, kept or not."""
        return _parse(await self._link.command("HGET", self._link.keys.meta, "last") or "0-0")

    def _events(self, entry: tuple[str, list[str]]) -> list[Event]:
        return [self._event(line) for line in entry[1][3::2]]

    def _event(self, line: str) -> Event:
        place, epoch, kind, job, step, tenant, data = line.split("\t", 6)
        return Event(
            id=f"{self._link.shard}-{epoch}-{place}", type=kind, job_id=JobId(job), tenant=TenantId(tenant),
            step_id=StepId(step) if step else None, at_ms=int(place.partition("-")[0]), data=from_json(data),
        )  # fmt: skip


def _parse(place: str) -> tuple[int, int]:
    ms, _, seq = place.partition("-")
    return int(ms), int(seq)


def _place(event_id: EventId) -> tuple[int, int]:
    """Return the place in the stream, which grows through all epochs of one set of data."""
    return event_id.ms, event_id.seq
