"""A stream against news that come at the worst moment: around the registration, and before the database knows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import EventId, JobId, TenantId, TraceId, UserId
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobEventData
from darkroom_schemas.status import JobStatus
from platform_api.domain.assets.signed_urls import UrlSigner
from platform_api.domain.errors import NotFound
from platform_api.domain.jobs.job import Job
from platform_api.domain.jobs.ports import JobSnapshot
from platform_api.domain.jobs.view import job_view
from platform_api.domain.streams.job_stream import Frame, FrameKind, stream_job
from platform_api.domain.streams.replay import EventsLost
from platform_api.domain.streams.subscription import Reset, Subscription

USER, JOB = UserId("u"), JobId("j")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
URLS = UrlSigner("s" * 32, "https://darkroom.example")
QUEUED = Job(
    id=JOB,
    user_id=USER,
    job_type="image_fast",
    status=JobStatus.QUEUED,
    run=1,
    priority=50,
    parameters={},
    steps_total=1,
    price_mc=1,
    history_seq=1,
    trace_id=TraceId("0" * 32),
    created_at=NOW,
    updated_at=NOW,
)
RUNNING = replace(QUEUED, status=JobStatus.RUNNING, history_seq=2)
COMPLETED = replace(QUEUED, status=JobStatus.COMPLETED, history_seq=3, completed_at=NOW)
STATES = {1: QUEUED, 2: RUNNING, 3: COMPLETED}
TYPES = {1: EventType.JOB_CREATED, 2: EventType.JOB_STARTED, 3: EventType.JOB_COMPLETED}


def entry(seq: int) -> HistoryEntry:
    return HistoryEntry(
        job_id=JOB, seq=seq, run=1, event=HistoryEvent.CREATED, status=STATES[seq].status, message="", at=NOW
    )


def event(seq: int) -> Event:
    data = JobEventData(job=job_view(STATES[seq], URLS, NOW), history=entry(seq)).model_dump(mode="json")
    return Event(id=f"0-1-1-{seq}", type=TYPES[seq], job_id=JOB, tenant=TenantId(USER), at_ms=1, data=data)


@dataclass
class World:
    """The database has written `stored` history entries and noted the event ids of `noted`; the log has `logged`."""

    stored: int
    noted: int
    logged: int = 0
    lost: bool = False
    live: list[Event | Reset] = field(default_factory=list)

    async def snapshot(self, job_id: JobId, user_id: UserId) -> JobSnapshot | None:
        if (job_id, user_id) != (JOB, USER):
            return None
        job = replace(STATES[self.stored], last_event_id=f"0-1-1-{self.noted}" if self.noted else None)
        return JobSnapshot(job, tuple(map(entry, range(1, self.stored + 1))), self.noted)

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
        if self.lost:
            raise EventsLost
        return [event(seq) for seq in range(1, self.logged + 1) if after is None or seq > after.seq]

    @asynccontextmanager
    async def subscribe(self, job_id: JobId) -> AsyncIterator[Subscription]:
        subscription = Subscription()
        for signal in self.live:
            if isinstance(signal, Reset):
                subscription.reset(signal.position)
            else:
                subscription.offer([signal])
        yield subscription


async def listen(world: World, last: str | None = None, user: UserId = USER) -> list[Frame]:
    jobs: Any = world  # the stream calls no method of `JobReads` but `snapshot`
    frames = stream_job(
        JOB, user, last, jobs=jobs, feed=world, replay=world, urls=URLS, clock=lambda: NOW, heartbeat_s=60
    )
    async with asyncio.timeout(5):
        opened = await anext(frames, None)
        assert opened is None or opened == Frame(FrameKind.OPENED)
        return [frame async for frame in frames]


async def opens(world: World, last: str | None = None) -> bool:
    """Return whether a listener gets a stream, and not the answer that it has read the end."""
    jobs: Any = world  # the stream calls no method of `JobReads` but `snapshot`
    frames = stream_job(
        JOB, USER, last, jobs=jobs, feed=world, replay=world, urls=URLS, clock=lambda: NOW, heartbeat_s=60
    )
    return await anext(frames, None) is not None


def sent(frames: list[Frame]) -> list[int]:
    return [line.seq for frame in frames for line in frame.history]


async def test_listener_who_comes_between_the_end_and_its_note_gets_the_end() -> None:
    frames = await listen(World(stored=3, noted=2, logged=3))
    assert sent(frames) == [1, 2, 3]
    assert frames[-1].id == "0-1-1-3"


async def test_listener_who_has_read_the_end_before_its_note_gets_nothing() -> None:
    assert await listen(World(stored=3, noted=2, logged=3), last="0-1-1-3") == []


async def test_an_event_that_cannot_be_read_ends_no_stream() -> None:
    unreadable = event(2).model_copy(update={"data": {"job": 5}})
    frames = await listen(World(stored=1, noted=1, logged=1, live=[unreadable, event(3)]))
    assert sent(frames) == [1, 3]


@pytest.mark.parametrize(
    ("world", "last", "expected"),
    [
        (World(stored=3, noted=3), "0-1-1-3", False),
        (World(stored=3, noted=3), "0-1-1-2", True),
        (World(stored=3, noted=2), "0-1-1-3", True),
        (World(stored=2, noted=2), "0-1-1-2", True),
        (World(stored=3, noted=3), None, True),
    ],
)
async def test_only_a_terminal_event_that_was_read_is_a_reason_for_no_stream(
    world: World, last: str | None, expected: bool
) -> None:
    assert await opens(world, last) is expected


async def test_listener_who_comes_before_the_end_is_in_the_log_waits_for_it() -> None:
    frames = await listen(World(stored=3, noted=2, logged=2, live=[event(3)]))
    assert sent(frames) == [1, 2, 3]
    assert frames[-1].id == "0-1-1-3"


async def test_listener_who_comes_while_all_is_written_to_the_log_gets_all_of_it() -> None:
    world = World(stored=3, noted=0)
    read = world.read_job

    async def written_after_the_first_look(job_id: JobId, after: EventId | None) -> list[Event]:
        before = await read(job_id, after)
        world.logged = 3
        return before

    world.read_job = written_after_the_first_look  # type: ignore[method-assign]
    assert sent(await listen(world)) == [1, 2, 3]


async def test_events_that_the_snapshot_holds_already_are_not_sent_again() -> None:
    frames = await listen(World(stored=2, noted=1, live=[event(1), event(2), event(3)]))
    assert sent(frames) == [1, 2, 3]


async def test_listener_who_leaves_before_the_note_and_resumes_gets_nothing_twice() -> None:
    opening = (await listen(World(stored=2, noted=1, live=[event(3)])))[:2]
    resumed = await listen(World(stored=2, noted=2, logged=2, live=[event(3)]), last=opening[-1].id)
    assert sent(opening) + sent(resumed) == [1, 2, 3]


async def test_job_never_goes_back_to_an_earlier_state() -> None:
    frames = await listen(World(stored=3, noted=1, logged=3))
    assert {frame.job.status for frame in frames if frame.job} == {JobStatus.COMPLETED}
    assert sent(frames) == [1, 2, 3]


async def test_events_that_were_replayed_are_not_sent_again() -> None:
    frames = await listen(World(stored=2, noted=2, logged=2, live=[event(2), event(3)]), last="0-1-1-1")
    assert sent(frames) == [2, 3]


async def test_listener_who_is_up_to_date_needs_no_log() -> None:
    frames = await listen(World(stored=2, noted=2, lost=True, live=[event(3)]), last="0-1-1-2")
    assert sent(frames) == [3]


async def test_lost_events_give_a_reset_with_everything() -> None:
    frames = await listen(World(stored=2, noted=2, lost=True, live=[event(3)]), last="0-1-1-1")
    assert [frame.kind for frame in frames] == ["reset", "job_update", "job_history"]
    assert sent(frames) == [1, 2, 3]


async def test_reset_with_an_entry_that_has_no_id_yet_is_no_place_to_resume_at() -> None:
    frames = await listen(World(stored=2, noted=1, lost=True, live=[event(2), event(3)]), last="0-1-1-1")
    assert [(frame.kind, frame.id) for frame in frames[:2]] == [("reset", None), ("job_update", "0-1-1-2")]
    assert sent(frames) == [1, 2, 3]


async def test_who_has_read_an_end_of_an_earlier_epoch_that_is_not_noted_yet_gets_nothing() -> None:
    """The log has it, but what follows an id of an earlier epoch is not known."""

    class Restarted(World):
        async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
            if after is not None:
                raise EventsLost
            return await super().read_job(job_id, after)

    assert await listen(Restarted(stored=3, noted=2, logged=3), last="0-1-1-3") == []
    frames = await listen(Restarted(stored=3, noted=2, logged=3), last="0-1-1-2")
    assert [(frame.kind, frame.id) for frame in frames] == [("reset", None), ("job_update", "0-1-1-3")]


async def test_gap_while_listening_gives_a_reset_and_ends_if_the_job_has() -> None:
    world = World(stored=2, noted=2, live=[Reset(EventId(0, 1, 1, 2))])
    subscribed = world.snapshot

    async def completed_meanwhile(job_id: JobId, user_id: UserId) -> JobSnapshot | None:
        before = await subscribed(job_id, user_id)
        world.stored = world.noted = 3
        return before

    world.snapshot = completed_meanwhile  # type: ignore[method-assign]
    frames = await listen(world)
    assert frames[-1].kind == "reset"
    assert sent(frames[-1:]) == [1, 2, 3]


async def test_another_users_job_is_not_there() -> None:
    with pytest.raises(NotFound):
        await listen(World(stored=1, noted=1), user=UserId("somebody"))
