"""Reading the event log: from an id on, block for more, replay one job."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId

from darkroom_queue.client import QueueClient
from darkroom_queue.errors import LogTruncated
from darkroom_queue.log.entries import Entry, Placed, parse_place, place_before, read_entry, read_line

log = logging.getLogger(__name__)
MAX_BLOCK_MS = 5000
TELL_EVERY_S = 1.0
EVENTS_PER_ENTRY = 8
"""A guess, for how many entries to ask; what comes beyond the count is read again."""
MAX_EVENTS_PER_ENTRY = 500
"""As `lua/parts/events.lua` has it; so many events of the first entry may be known already."""

MAX_UNREADABLE_AHEAD = 1000
"""If that many entries at the log's beginning cannot be read, all before the latest event count as trimmed."""


class EventLog:
    """Reads one shard's log. A reader keeps its own offset.

    A `reader` with a name is waited for when the log is trimmed: whatever it reads after, it must have stored.

    An entry that cannot be read is passed by. With `on_unreadable` each one is logged and the function called, once;
    without it, nothing is logged, as for a reader that repeats what another one has read.
    """

    def __init__(
        self, client: QueueClient, reader: str | None = None, *, on_unreadable: Callable[[], None] | None = None
    ) -> None:
        self._client, self._reader, self._on_unreadable = client, reader, on_unreadable
        self._read_to: EventId | None = None
        self._next = "0-0"
        """Where the stream goes on after `_read_to`: further on if unreadable entries follow it."""
        self._reported = (0, 0)
        """The last unreadable entry that was reported."""
        self._told = 0.0

    async def read(self, after: EventId | None, *, count: int = 500, block_ms: int = 0) -> list[Event]:
        """Return up to `count` events after `after` (None: all that is kept); waits up to `block_ms` (≤ 5,000) for one.

        Only an empty answer means that there are no more. Raises `LogTruncated` if the log does not reach back to
        `after`, or `after` is of another epoch.
        """
        epoch = await self._client.epoch()
        if after is not None and after != self._read_to:
            await self._check_covers(after, epoch)
        if after is not None:
            await self._tell_place(after)
        wanted = max(1, count // EVENTS_PER_ENTRY)
        start = self._next if after == self._read_to else after.stream_id if after else "0-0"
        found: list[Placed] = []
        while not found and (entries := await self._fetch(start, wanted, block_ms)):
            if after is not None and len(entries) == wanted:
                await self._check_covers(after, epoch)  # so far behind, it may have been overtaken by trimming
            found, start = await self._readable(entries, epoch, count + MAX_EVENTS_PER_ENTRY)
            block_ms = 0
        if after is not None:
            found = [placed for placed in found if _place(placed[0]) > _place(after)]
            if await self._client.epoch() != after.epoch:
                raise LogTruncated(f"the server was restarted since {after}")
        page = found[:count]
        self._read_to = page[-1][0] if page else after
        self._next = start if len(page) == len(found) else page[-1][0].stream_id
        return [event for _, event in page]

    async def _fetch(self, start: str, wanted: int, block_ms: int) -> list[Entry]:
        place = ("STREAMS", self._client.keys.log, start)
        if block_ms:
            wait = ("BLOCK", min(block_ms, MAX_BLOCK_MS))
            answer = await self._client.block("XREAD", "COUNT", wanted, *wait, *place)
        else:
            answer = await self._client.command("XREAD", "COUNT", wanted, *place)
        return answer[0][1] if answer else []

    async def _readable(self, entries: Sequence[Entry], epoch: int, enough: int) -> tuple[list[Placed], str]:
        """Return the events of a page, and the last entry that was read; unreadable ones are reported and left out."""
        shard, found = self._client.shard, list[Placed]()
        try:
            for entry in entries:
                found += read_entry(entry, shard, epoch)
                if len(found) >= enough:
                    return found, entry[0]
            return found, entries[-1][0]
        except ValueError:
            self._client.forget_epoch()  # the reason may be that another epoch has begun
            epoch = await self._client.epoch()
        found = []
        for entry in entries:
            try:
                found += read_entry(entry, shard, epoch)
            except ValueError as error:
                self._report(entry[0], error)
        return found, entries[-1][0]

    def _report(self, entry_id: str, error: ValueError) -> None:
        if self._on_unreadable is not None and parse_place(entry_id) > self._reported:
            self._reported = parse_place(entry_id)
            log.error("Entry %s of the event log cannot be read and is passed by: %s", entry_id, error)
            self._on_unreadable()

    async def _tell_place(self, after: EventId) -> None:
        """Let the sweeper know, about once a second, how far the reader has come."""
        now = time.time()
        if self._reader is not None and now - self._told >= TELL_EVERY_S:
            self._told = now
            await self._client.command(
                "HSET", self._client.keys.readers, self._reader, f"{after.ms}\t{round(now * 1000)}"
            )

    async def tail(self) -> EventId:
        """Return the id of the latest event; nothing has happened after it yet."""
        epoch = await self._client.epoch()
        return EventId(self._client.shard, epoch, *await self._last())

    async def beginning(self) -> EventId:
        """Return the place before all that is kept."""
        return EventId(self._client.shard, await self._client.epoch(), 0, 0)

    async def rejoin(self, after: EventId) -> EventId:
        """Return the place of `after` in the present epoch, for a reader that wants all that a restart left.

        Raises `LogTruncated` if the log does not reach back to it.
        """
        epoch = await self._client.epoch()
        place = replace(after, epoch=epoch)
        await self._check_covers(place, epoch)
        return place

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
        """Return the kept events of one job that follow `after`; raises `LogTruncated` if some may be missing.

        Lines that cannot be read are left out.
        """
        epoch = await self._client.epoch()
        lines: list[str] = await self._client.command("LRANGE", self._client.keys.job_events(job_id), 0, -1)
        found: list[Placed] = []
        for line in lines:
            with suppress(ValueError):
                found.append(read_line(line, self._client.shard))
        if after is None:
            return [event for _, event in found]
        if after.epoch != epoch or not found or found[0][0] > after:
            raise LogTruncated(f"the events of job {job_id} are not kept back to {after}")
        return [event for place, event in found if place > after]

    async def _check_covers(self, after: EventId, epoch: int) -> None:
        if after.epoch != epoch:
            raise LogTruncated(f"{after} is of another epoch than {epoch}")
        if (after.ms, after.seq) == (0, 0):
            return
        last = await self._last()  # before the entries are looked at, or it might be of one that came after the look
        gone = None
        for count in (1, MAX_UNREADABLE_AHEAD):
            first: list[Entry] = await self._client.command("XRANGE", self._client.keys.log, "-", "+", "COUNT", count)
            gone = place_before(first, self._client.shard)
            if gone is not None or len(first) < count:
                break
        if (last if gone is None else gone) > _place(after):
            raise LogTruncated(f"the log begins after {after}")

    async def _last(self) -> tuple[int, int]:
        """Return the place of the latest event, kept or not."""
        return parse_place(await self._client.command("HGET", self._client.keys.meta, "last") or "0-0")


def _place(event_id: EventId) -> tuple[int, int]:
    """Return the place in the stream, which grows through all epochs of one set of data."""
    return event_id.ms, event_id.seq
