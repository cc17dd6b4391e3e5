"""An entry of the event log that no release writes is passed by, logged and counted once."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from darkroom_queue import (
    EventFanout,
    EventLog,
    LogTruncated,
    Producer,
    QueueClient,
)
from darkroom_schemas.events import Emission, Event, EventType
from darkroom_schemas.ids import EventId, JobId, TenantId
from support.steps import make_step
from support.unreadable import NO_EVENT, NOT_UTF8, clock_is_past
from support.waiting import until

LINE = b"%s\t%s\tjob.updated\tj\t\tt\t%s"
ENTRIES = {
    "not UTF-8": NOT_UTF8,
    "not seven parts": NO_EVENT,
    "no event": (b"p", b"0-0"),
    "no such field": (b"something", b"else"),
    "half of a pair of events": (b"p", b"0-0", b"e", LINE % (b"ID", b"1", b"{}"), b"e", b"cut sho"),
    "no number": (b"p", b"x-y", b"e", LINE % (b"x-y", b"z", b"{}")),
    "another place": (b"p", b"0-0", b"e", LINE % (b"9999999999999-0", b"1", b"{}")),
    "a place that is far ahead inside": (
        *(b"p", b"0-0", b"e", LINE % (b"9999999999999-0", b"1", b"{}"), b"e", LINE % (b"ID", b"1", b"{}")),
    ),
    "an epoch to come": (b"p", b"0-0", b"e", LINE % (b"ID", b"9999999999999999", b"{}")),
    "broken JSON": (b"p", b"0-0", b"e", LINE % (b"ID", b"1", b'{"a":')),
    "no JSON object": (b"p", b"0-0", b"e", LINE % (b"ID", b"1", b"[]")),
}


async def emit(link: QueueClient, number: int) -> EventId:
    event = Emission(outbox_id=number, type=EventType.JOB_UPDATED, job_id=JobId("j"), tenant=TenantId("t"))
    return (await Producer(link).emit([event]))[0]


async def add(link: QueueClient, fields: tuple[bytes, ...]) -> str:
    """Append an entry after the last event; `ID` in it stands for its own id."""
    last: str = await link.command("HGET", link.keys.meta, "last") or "0-0"
    ms, seq = map(int, last.split("-"))
    entry_id = f"{ms}-{seq + 1}" if ms else "1-1"
    await link.command("XADD", link.keys.log, entry_id, *(field.replace(b"ID", entry_id.encode()) for field in fields))
    # The next event needs a later place than the entry.
    await until(lambda: clock_is_past(link, ms))
    return entry_id


class Reader:
    """A reader that counts what it cannot read."""

    def __init__(self, link: QueueClient) -> None:
        self.unreadable = 0
        self.log = EventLog(link, on_unreadable=self._count)

    def _count(self) -> None:
        self.unreadable += 1


@pytest.mark.parametrize("fields", ENTRIES.values(), ids=ENTRIES.keys())
async def test_a_reader_passes_by_an_entry_that_cannot_be_read(
    link: QueueClient, fields: tuple[bytes, ...], caplog: pytest.LogCaptureFixture
) -> None:
    first = await emit(link, 1)
    entry_id = await add(link, fields)
    reader = Reader(link)
    assert await reader.log.read(first, block_ms=10) == []  # and again, without telling anybody again
    assert await reader.log.read(first, block_ms=10) == []
    later = [str(await emit(link, number)) for number in (2, 3)]
    assert [event.id for event in await reader.log.read(first, block_ms=5000)] == later
    assert await reader.log.read(EventId.parse(later[1]), block_ms=10) == []
    assert [event.id for event in await EventLog(link).read(None)] == [str(first), *later]
    assert reader.unreadable == 1
    assert [record.getMessage().split(" of")[0] for record in caplog.records] == [f"Entry {entry_id}"]


async def test_a_reader_passes_by_any_number_of_them(link: QueueClient) -> None:
    first = await emit(link, 1)
    for _ in range(10):
        await link.command("XADD", link.keys.log, f"{first.ms}-*", *NOT_UTF8)
    await until(lambda: clock_is_past(link, first.ms))
    later, reader = str(await emit(link, 2)), Reader(link)
    assert [event.id for event in await reader.log.read(first, count=8)] == [later]
    assert reader.unreadable == 10


async def test_events_beside_it_are_read_in_pages_that_lose_nothing(link: QueueClient) -> None:
    await Producer(link).submit_many([make_step() for _ in range(5)])
    await add(link, ENTRIES["not UTF-8"])
    await Producer(link).submit_many([make_step() for _ in range(5)])
    reader, after, seen = Reader(link), None, list[str]()
    while page := await reader.log.read(after, count=3):
        seen += [event.id for event in page]
        after = EventId.parse(page[-1].id)
    assert (len(seen), len(set(seen)), reader.unreadable) == (10, 10, 1)


async def test_a_log_that_begins_with_one_can_be_followed_from_its_tail(link: QueueClient) -> None:
    before, tail = await emit(link, 1), await emit(link, 2)
    await add(link, ENTRIES["not seven parts"])
    await link.redis_py.xtrim(link.keys.log, maxlen=1, approximate=False)
    assert await EventLog(link).read(tail) == []
    with pytest.raises(LogTruncated):
        await EventLog(link).read(before)
    later = str(await emit(link, 3))
    assert [event.id for event in await EventLog(link).read(tail)] == [later]


@pytest.mark.parametrize("line", [b"\xff\xfe", b"{}"])
async def test_a_line_of_a_job_that_cannot_be_read_is_left_out_of_its_replay(link: QueueClient, line: bytes) -> None:
    first = await emit(link, 1)
    await link.command("RPUSH", link.keys.job_events(JobId("j")), line)
    second = str(await emit(link, 2))
    assert [event.id for event in await EventLog(link).read_job(JobId("j"), None)] == [str(first), second]
    assert [event.id for event in await EventLog(link).read_job(JobId("j"), first)] == [second]


@pytest.fixture
async def followed(link: QueueClient) -> AsyncIterator[tuple[EventFanout, list[int]]]:
    reported: list[int] = []
    fanout = EventFanout(link, on_unreadable=lambda: reported.append(1))
    task = asyncio.create_task(fanout.run())
    yield fanout, reported
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("kind", ["not UTF-8", "not seven parts"])
async def test_followers_get_what_comes_after_it(
    link: QueueClient, followed: tuple[EventFanout, list[int]], kind: str
) -> None:
    fanout, reported = followed
    events = fanout.follow(since=await emit(link, 1))
    next_one = asyncio.ensure_future(anext(events))
    await add(link, ENTRIES[kind])
    later = await emit(link, 2)
    async with asyncio.timeout(10):
        event = await next_one
        assert isinstance(event, Event)
        assert event.id == str(later)

    async def has_reported() -> bool:  # the replay may reach the later event before the reader does
        return bool(reported)

    await until(has_reported)
    assert reported == [1]
