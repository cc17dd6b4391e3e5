"""Reads the event log from a position, waiting for new events, and replays single jobs."""

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
REPORT_EVERY_S = 1.0
EVENTS_PER_ENTRY = 8
"""Estimate that converts a number of events to a number of entries. Surplus events are read again."""
MAX_EVENTS_PER_ENTRY = 500
"""As in `lua/parts/events.lua`. So many events of the first entry may be before the position."""

MAX_UNREADABLE_AHEAD = 1000
"""If so many entries at the log's beginning are unreadable, all before the latest event count as trimmed."""


class EventLog:
    """Reads one shard's log. The caller stores its own position.

    The log is not trimmed beyond the position of a named `reader`. Calling `read` with a position means that all events
    up to it have been stored.

    Unreadable entries are skipped. With `on_unreadable`, each is logged and passed to the function once. Without it,
    nothing is logged, for a reader of entries that another one reads, too.
    """

    def __init__(
        self, client: QueueClient, reader: str | None = None, *, on_unreadable: Callable[[], None] | None = None
    ) -> None:
        self._client, self._reader, self._on_unreadable = client, reader, on_unreadable
        self._read_to: EventId | None = None
        self._next = "0-0"
        """Position in the stream at which to continue: `_read_to`, or unreadable entries after it."""
        self._last_unreadable = (0, 0)
        """Position of the last unreadable entry that was reported."""
        self._position_reported_at = 0.0

    async def read(self, after: EventId | None, *, count: int = 500, block_ms: int = 0) -> list[Event]:
        """Return up to `count` events after `after` (None: from the beginning of the log).

        Waits up to `block_ms` (at most 5,000) for one. Only an empty list means that there are no more events. Raises
        `LogTruncated` if the log does not reach back to `after`, or if `after` is of another epoch.
        """
        epoch = await self._client.epoch()
        if after is not None and after != self._read_to:
            await self._check_retained(after, epoch)
        if after is not None:
            await self._report_position(after)
        wanted = max(1, count // EVENTS_PER_ENTRY)
        start = self._next if after == self._read_to else after.stream_id if after else "0-0"
        found: list[Placed] = []
        while not found and (entries := await self._fetch(start, wanted, block_ms)):
            if after is not None and len(entries) == wanted:
                await self._check_retained(after, epoch)  # a reader that lags so far may be behind the trimmed part
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
        """Return the events of a page and the id of the last entry read. Reports and skips unreadable entries."""
        shard, found = self._client.shard, list[Placed]()
        try:
            for entry in entries:
                found += read_entry(entry, shard, epoch)
                if len(found) >= enough:
                    return found, entry[0]
            return found, entries[-1][0]
        except ValueError:
            self._client.forget_epoch()  # a new epoch may have begun
            epoch = await self._client.epoch()
        found = []
        for entry in entries:
            try:
                found += read_entry(entry, shard, epoch)
            except ValueError as error:
                self._report_unreadable(entry[0], error)
        return found, entries[-1][0]

    def _report_unreadable(self, entry_id: str, error: ValueError) -> None:
        if self._on_unreadable is not None and parse_place(entry_id) > self._last_unreadable:
            self._last_unreadable = parse_place(entry_id)
            log.error("Entry %s of the event log is unreadable and is skipped: %s", entry_id, error)
            self._on_unreadable()

    async def _report_position(self, after: EventId) -> None:
        """Store the reader's position for the sweeper, about once a second."""
        now = time.time()
        if self._reader is not None and now - self._position_reported_at >= REPORT_EVERY_S:
            self._position_reported_at = now
            await self._client.command(
                "HSET", self._client.keys.readers, self._reader, f"{after.ms}\t{round(now * 1000)}"
            )

    async def tail(self) -> EventId:
        """Return the id of the latest event."""
        epoch = await self._client.epoch()
        return EventId(self._client.shard, epoch, *await self._last())

    async def oldest(self) -> EventId | None:
        """Return the id of the first event that is still in the log; None if the log is empty."""
        entries: list[Entry] = await self._client.command("XRANGE", self._client.keys.log, "-", "+", "COUNT", 1)
        place = None if not entries else parse_place(entries[0][0])
        return None if place is None else EventId(self._client.shard, await self._client.epoch(), *place)

    async def beginning(self) -> EventId:
        """Return the position before the first event of the log."""
        return EventId(self._client.shard, await self._client.epoch(), 0, 0)

    async def rejoin(self, after: EventId) -> EventId:
        """Return the position of `after` in the current epoch, for a reader that continues after a restart.

        Raises `LogTruncated` if the log does not reach back to it.
        """
        epoch = await self._client.epoch()
        place = replace(after, epoch=epoch)
        await self._check_retained(place, epoch)
        return place

    async def contains(self, event_id: EventId) -> bool:
        """Whether the log has this event, or begins at this position: it then continues the log of that epoch."""
        entries: list[Entry] = await self._client.command(
            "XRANGE", self._client.keys.log, event_id.stream_id, "+", "COUNT", 1
        )
        epoch = await self._client.epoch()
        for entry in entries:
            with suppress(ValueError, IndexError):
                places = [place for place, _ in read_entry(entry, event_id.shard, epoch)]
                # A restart before the first event makes the mark of the next epoch the first one.
                follows = parse_place(entry[1][1]) == (0, 0) and places[0].epoch - event_id.epoch in {0, 1}
                return follows if _place(event_id) == (0, 0) else event_id in places
        return False

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
        """Return the stored events of one job after `after`. Raises `LogTruncated` if some may be missing.

        Unreadable events are skipped.
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
            raise LogTruncated(f"the events of job {job_id} are not stored back to {after}")
        return [event for place, event in found if place > after]

    async def _check_retained(self, after: EventId, epoch: int) -> None:
        if after.epoch != epoch:
            raise LogTruncated(f"{after} is of another epoch than {epoch}")
        if (after.ms, after.seq) == (0, 0):
            return
        last = await self._last()  # before reading the entries; otherwise it could be of an event appended later
        gone = None
        for count in (1, MAX_UNREADABLE_AHEAD):
            first: list[Entry] = await self._client.command("XRANGE", self._client.keys.log, "-", "+", "COUNT", count)
            gone = place_before(first, self._client.shard)
            if gone is not None or len(first) < count:
                break
        if (last if gone is None else gone) > _place(after):
            raise LogTruncated(f"the log begins after {after}")

    async def _last(self) -> tuple[int, int]:
        """Return the position of the latest event, even if it has been trimmed."""
        return parse_place(await self._client.command("HGET", self._client.keys.meta, "last") or "0-0")


def _place(event_id: EventId) -> tuple[int, int]:
    """Return the position in the stream, which grows across all epochs of a data set."""
    return event_id.ms, event_id.seq
