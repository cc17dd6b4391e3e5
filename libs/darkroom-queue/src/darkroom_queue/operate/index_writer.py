"""Keeps the index of jobs and the series of counts from the event log: one process at a time, whichever it is.

Scripts that submit and run steps write neither. Events are added in batches, together with the position after them, so
each counts once, also when two processes take turns.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from uuid import uuid4

from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, StepId
from darkroom_schemas.status import TERMINAL, JobStatus

from darkroom_queue.client import QueueClient
from darkroom_queue.errors import LogTruncated
from darkroom_queue.log.events import EventLog
from darkroom_queue.lua import load
from darkroom_queue.producer import Producer

log = logging.getLogger(__name__)
_INDEX, _FORGET = load("index"), load("forget_index")
READER = "job-index"
WRITER_S = 5.0
"""For how long a process stays the writer after its last batch."""
BATCH_S = 0.2
"""Shortest time between two batches: how far the index may be behind the log."""
BLOCK_MS = 1000
BATCH = 500
_PAGE = 200
_STEP = "step."
Row = tuple[str, str, str, int]
"""What happened, step, type of the job or empty, and when in Unix milliseconds."""


class NotTheWriter(Exception):
    """Another process writes the index."""


class IndexMoved(Exception):
    """The index has another position: another process wrote it meanwhile, or the data was lost."""


class IndexWriter:
    """Writes the index of one shard."""

    def __init__(self, client: QueueClient) -> None:
        self._client, self._producer, self._process = client, Producer(client), uuid4().hex
        self._log = EventLog(client, READER)

    async def run(self) -> None:
        """Write while no other process does, until cancelled; raises `RedisUnavailable`."""
        while True:
            try:
                position = await self.begin()
                while True:
                    began = time.monotonic()
                    position, number = await self.write_on(position, block_ms=BLOCK_MS)
                    if number < BATCH:
                        await asyncio.sleep(max(0.0, BATCH_S - (time.monotonic() - began)))
            except IndexMoved:
                continue
            except NotTheWriter:
                await asyncio.sleep(WRITER_S / 2)

    async def begin(self) -> EventId:
        """Become the writer and return the position to continue from; raises NotTheWriter.

        If the log does not reach back to the stored position, the index is made again from the queue and the log.
        """
        stored = await self._stored_position()
        if stored:
            shard, epoch = self._client.shard, await self._client.epoch()
            ms, _, seq = stored.partition("-")
            try:
                return await self._log.rejoin(EventId(shard, epoch, int(ms), int(seq)))
            except LogTruncated:
                log.warning("Events were missed: the index of jobs is made again")
        return await self._rebuild()

    async def write_on(self, position: EventId, *, block_ms: int = 0) -> tuple[EventId, int]:
        """Add the next events, waiting up to `block_ms` for one. Return the position after them, and their number."""
        try:
            events = await self._log.read(position, count=BATCH, block_ms=block_ms)
        except LogTruncated:
            return await self.begin(), 0
        return await self.add(position, events), len(events)

    async def add(self, position: EventId, events: Sequence[Event]) -> EventId:
        """Add events that follow a position; raises NotTheWriter, or IndexMoved if the index has another position."""
        after = EventId.parse(events[-1].id) if events else position
        await self._write(position.stream_id, after.stream_id, _rows(events))
        return after

    async def _stored_position(self) -> str:
        code, stored = await self._client.run(_INDEX, self._process, round(WRITER_S * 1000), "none", "none", 0)
        if code == 0:
            raise NotTheWriter
        return str(stored)

    async def _rebuild(self) -> EventId:
        """Empty the index and add the jobs that are in the queue; the events of the whole log come next.

        None of them was counted: either there was no position, or the log begins after it.
        """
        if not await self._client.run(_FORGET, self._process):
            raise NotTheWriter
        position = await self._log.beginning()
        cursor = "0"
        while True:
            cursor, found = await self._client.command(
                "HSCAN", self._client.keys.steps, cursor, "COUNT", _PAGE, "NOVALUES"
            )
            for start in range(0, len(found), _PAGE):
                await self._write("", "", await self._in_queue([StepId(one) for one in found[start : start + _PAGE]]))
            if cursor == "0":
                break
        await self._write("", position.stream_id, ())
        return position

    async def _in_queue(self, step_ids: Sequence[StepId]) -> list[Row]:
        rows: list[Row] = []
        for view in await self._producer.read_many(step_ids):
            if view is not None and view.status not in TERMINAL:
                state = "is_running" if view.status is JobStatus.RUNNING else "is_queued"
                rows.append((state, view.id, view.type, view.queued_at_ms))
        return rows

    async def _write(self, before: str, after: str, rows: Sequence[Row]) -> None:
        args = [value for row in rows for value in row]
        code, _ = await self._client.run(_INDEX, self._process, round(WRITER_S * 1000), before, after, len(rows), *args)
        if code == 0:
            raise NotTheWriter
        if code < 0:
            raise IndexMoved


def _rows(events: Iterable[Event]) -> list[Row]:
    return [
        (event.type.removeprefix(_STEP), event.step_id, str(event.data.get("job_type") or ""), event.at_ms)
        for event in events
        if event.step_id is not None and event.type.startswith(_STEP)
    ]
