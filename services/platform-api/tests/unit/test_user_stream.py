"""The stream of all jobs against news that come around its snapshot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import EventId, JobId, StepId, TenantId, TraceId, UserId, WorkerId
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobEventData
from darkroom_schemas.status import JobStatus
from platform_api.domain.assets.signed_urls import UrlSigner
from platform_api.domain.jobs.filters import EVERY_JOB, JobFilter
from platform_api.domain.jobs.job import Job
from platform_api.domain.jobs.ports import JobPage
from platform_api.domain.jobs.view import job_view
from platform_api.domain.streams.replay import EventsLost
from platform_api.domain.streams.subscription import Reset, Signal, Subscription
from platform_api.domain.streams.user_stream import UserFrame, UserStream

USER, JOB = UserId("u"), JobId("j")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
URLS = UrlSigner("s" * 32, "https://darkroom.example")
QUEUED = Job(
    id=JOB, user_id=USER, job_type="image_fast", status=JobStatus.QUEUED, run=1, priority=50, parameters={},
    steps_total=2, price_mc=1, history_seq=1, trace_id=TraceId("0" * 32), created_at=NOW, updated_at=NOW,
)  # fmt: skip
RUNNING = replace(QUEUED, status=JobStatus.RUNNING, history_seq=2)
HALF_DONE = replace(RUNNING, steps_done=1, history_seq=3)
STATES = {1: QUEUED, 2: RUNNING, 3: HALF_DONE}
HAPPENED = {1: HistoryEvent.CREATED, 2: HistoryEvent.NODE_STARTED, 3: HistoryEvent.NODE_COMPLETED}


def event(seq: int) -> Event:
    job = STATES[seq]
    entry = HistoryEntry(job_id=JOB, seq=seq, run=1, event=HAPPENED[seq], status=job.status, message="", step=0, at=NOW)
    data = JobEventData(job=job_view(job, URLS, NOW), history=entry).model_dump(mode="json")
    kind = EventType.JOB_CREATED if seq == 1 else EventType.JOB_UPDATED
    return Event(id=f"0-1-1-{seq}", type=kind, job_id=JOB, tenant=TenantId(USER), at_ms=1, data=data)


def progress(number: int, percent: float) -> ProgressMessage:
    step = StepId(f"{JOB}:1:{number:02d}")
    return ProgressMessage(job_id=JOB, step_id=step, worker_id=WorkerId("w"), progress=percent, at_ms=1)


@dataclass
class World:
    """The database is at history entry `stored`; the log was at `logged` when the listener registered."""

    stored: int
    logged: int
    live: list[Signal] = field(default_factory=list)
    lost: bool = False
    followed: set[JobId] = field(default_factory=set)

    async def page(self, user_id: UserId, where: JobFilter = EVERY_JOB, *, limit: int) -> JobPage:
        return JobPage((STATES[self.stored],), None, 1)

    async def get(self, job_id: JobId, user_id: UserId) -> Job | None:
        return STATES[self.stored]

    @asynccontextmanager
    async def subscribe_user(self, user_id: UserId) -> AsyncIterator[tuple[Subscription, EventId]]:
        yield Live(self.live), EventId(0, 1, 1, self.logged)

    async def follow_progress(self, job_id: JobId, subscription: Subscription) -> None:
        self.followed.add(job_id)

    async def unfollow_progress(self, job_id: JobId, subscription: Subscription) -> None:
        self.followed.remove(job_id)

    async def read_user(self, user_id: UserId, after: EventId) -> AsyncIterator[Event]:
        if self.lost:
            raise EventsLost
        for seq in range(after.seq + 1, self.stored + 1):
            yield event(seq)


class Live(Subscription):
    """Gives the signals in their order, and ends."""

    def __init__(self, signals: list[Signal]) -> None:
        super().__init__()
        self._signals = iter(signals)

    async def next(self, timeout_s: float) -> Signal:
        signal = next(self._signals, None)
        if signal is not None:
            return signal
        self.close()
        return await super().next(timeout_s)


async def listen(world: World, last: str | None = None) -> list[UserFrame]:
    jobs: Any = world  # the stream calls no methods of `JobReads` but `page` and `get`
    stream = UserStream(USER, jobs, world, world, URLS, lambda: NOW, heartbeat_s=60)
    async with asyncio.timeout(5):
        frames = [frame async for frame in stream.frames(last)]
    assert world.followed == set()
    return frames


def words(frames: list[UserFrame]) -> list[str]:
    return [f"{frame.kind} {frame.entry.seq if frame.entry else frame.id}" for frame in frames if frame.job is None]


async def test_what_the_snapshot_holds_is_not_sent_again() -> None:
    frames = await listen(World(stored=2, logged=1, live=[event(2), event(3)]))
    assert words(frames) == ["snapshot 0-1-1-1", "job_history 3"]


async def test_what_was_replayed_is_not_sent_again() -> None:
    frames = await listen(World(stored=3, logged=2, live=[event(2), event(3)]), last="0-1-1-1")
    assert words(frames) == ["job_history 2", "job_history 3"]


async def test_lost_events_and_a_gap_reset_with_a_place_to_go_on_from() -> None:
    gap = Reset(EventId(0, 2, 1, 7))
    frames = await listen(World(stored=2, logged=1, live=[gap], lost=True), last="0-1-1-0")
    assert words(frames) == ["reset 0-1-1-1", "reset 0-2-1-7"]


async def test_progress_is_the_mean_over_all_steps_and_never_goes_back() -> None:
    live: list[Signal] = [
        progress(0, 60),
        progress(0, 40),
        event(3),
        progress(0, 100),
        progress(1, 50),
        progress(2, 0),
    ]
    frames = await listen(World(stored=2, logged=2, live=live))
    sent = [frame.job.progress for frame in frames if frame.job is not None]
    assert sent == [30, 50, 75]


async def test_progress_that_comes_before_the_event_of_the_start_is_reported_after_it() -> None:
    frames = await listen(World(stored=1, logged=1, live=[progress(0, 60), event(2)]))
    assert [frame.job.progress for frame in frames if frame.job is not None] == [0, 30]
