"""The stream of all jobs of a user: a snapshot or the missed events, then live events until the client disconnects.

As in the stream of one job, the subscription starts before anything is read. The snapshot is read after its position in
the log, so that later events may already be part of it: those are skipped.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.events import JOB_TERMINAL, Event, EventType
from darkroom_schemas.ids import EventId, JobId, UserId
from darkroom_schemas.job import HistoryEntry, JobEventData, JobView
from darkroom_schemas.status import ACTIVE

from platform_api.domain.clock import Clock
from platform_api.domain.jobs.filters import JobFilter
from platform_api.domain.jobs.job import Job
from platform_api.domain.jobs.ports import JobPage, JobPages
from platform_api.domain.jobs.view import AssetUrls, job_view, live_preview
from platform_api.domain.streams.live_progress import LiveProgress
from platform_api.domain.streams.replay import EventsLost, UserReplay, job_event_data, resume_position
from platform_api.domain.streams.subscription import Closed, Heartbeat, Reset, Subscription

SNAPSHOT_JOBS = 50
FOLLOWED_JOBS = 200
"""Maximum number of jobs whose live progress is sent; the progress of others is visible in `GET /api/jobs`."""

_BEGINNING = frozenset({EventType.JOB_CREATED, EventType.JOB_STARTED})


class UserFrameKind(StrEnum):
    """The kinds of frames. `snapshot` (at the start) and `reset` (events may be missing) contain the newest jobs."""

    SNAPSHOT = "snapshot"
    RESET = "reset"
    JOB_UPDATE = "job_update"
    JOB_HISTORY = "job_history"
    ASSET_UPDATED = "asset_updated"
    ASSET_DELETED = "asset_deleted"
    HEARTBEAT = "heartbeat"


_OF_ASSETS: Mapping[str, UserFrameKind] = {
    EventType.ASSET_UPDATED: UserFrameKind.ASSET_UPDATED,
    EventType.ASSET_DELETED: UserFrameKind.ASSET_DELETED,
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest jobs; `cursor` continues in the list of jobs."""

    jobs: tuple[JobView, ...]
    cursor: JobId | None
    total: int


@dataclass(frozen=True, slots=True)
class UserFrame:
    """One message to the client. Only the last frame of an event has an id."""

    kind: UserFrameKind
    job: JobView | None = None
    entry: HistoryEntry | None = None
    snapshot: Snapshot | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None


class UserSubscriptions(Protocol):
    """Live events of all jobs of a user."""

    def subscribe_user(self, user_id: UserId) -> AbstractAsyncContextManager[tuple[Subscription, EventId]]:
        """Buffer events from now on; also returns the id of the last event before that."""
        ...

    async def follow_progress(self, job_id: JobId, subscription: Subscription) -> None: ...

    async def unfollow_progress(self, job_id: JobId, subscription: Subscription) -> None: ...


@dataclass
class _Running:
    """A job whose progress is followed: its state when it was read, or as of its last event."""

    view: JobView
    progress: LiveProgress


@dataclass
class UserStream:
    """The stream of one client. `frames` can be iterated once."""

    user_id: UserId
    jobs: JobPages
    feed: UserSubscriptions
    replay: UserReplay
    urls: AssetUrls
    clock: Clock
    heartbeat_s: float
    _sent: EventId | None = None
    _sent_seq: dict[JobId, int] = field(default_factory=dict)
    _running: dict[JobId, _Running] = field(default_factory=dict)

    async def frames(self, last_event_id: str | None) -> AsyncIterator[UserFrame]:
        """Yield frames until the subscription is closed. An invalid `last_event_id` is ignored."""
        async with self.feed.subscribe_user(self.user_id) as (live, since):
            try:
                async for frame in self._opening(last_event_id, since, live):
                    yield frame
                while not isinstance(signal := await live.next(self.heartbeat_s), Closed):
                    if isinstance(signal, Reset):
                        yield await self._snapshot(UserFrameKind.RESET, signal.position, live)
                        continue
                    if isinstance(signal, Event):
                        await self._follow(signal, live)
                    for frame in self._live_frames(signal):
                        yield frame
            finally:
                for job_id in self._running:
                    await self.feed.unfollow_progress(job_id, live)

    async def _opening(self, last_event_id: str | None, since: EventId, live: Subscription) -> AsyncIterator[UserFrame]:
        self._sent = resume_position(last_event_id)
        if self._sent is None:
            yield await self._snapshot(UserFrameKind.SNAPSHOT, since, live)
            return
        await self._follow_active(live)
        try:
            async for event in self.replay.read_user(self.user_id, self._sent):
                for frame in self._event_frames(event):
                    yield frame
        except EventsLost:
            yield await self._snapshot(UserFrameKind.RESET, since, live)

    async def _snapshot(self, kind: UserFrameKind, position: EventId, live: Subscription) -> UserFrame:
        page: JobPage = await self.jobs.page(self.user_id, limit=SNAPSHOT_JOBS)
        self._sent, self._sent_seq = position, {job.id: job.history_seq for job in page.jobs}
        await self._follow_active(live)
        now = self.clock()
        views = tuple(job_view(job, self.urls, now) for job in page.jobs)
        return UserFrame(kind, snapshot=Snapshot(views, page.cursor, page.total), id=str(position))

    async def _follow_active(self, live: Subscription) -> None:
        active = await self.jobs.page(self.user_id, JobFilter(statuses=tuple(ACTIVE)), limit=FOLLOWED_JOBS)
        for job in active.jobs:
            await self._add(job, live)

    async def _follow(self, event: Event, live: Subscription) -> None:
        """Follow the progress of a new or retried job; stop when a job ends."""
        if event.type in JOB_TERMINAL and event.job_id in self._running:
            del self._running[event.job_id]
            await self.feed.unfollow_progress(event.job_id, live)
        elif event.type == EventType.JOB_RETRIED or (event.type in _BEGINNING and event.job_id not in self._running):
            job = await self.jobs.get(event.job_id, self.user_id)
            if job is not None and job.status in ACTIVE:
                await self._add(job, live)

    async def _add(self, job: Job, live: Subscription) -> None:
        is_new = job.id not in self._running
        if is_new and len(self._running) >= FOLLOWED_JOBS:
            return
        progress = LiveProgress(job.run, job.steps_total, seq=job.history_seq, done_before=job.steps_done)
        self._running[job.id] = _Running(job_view(job, self.urls, self.clock()), progress)
        if is_new:
            await self.feed.follow_progress(job.id, live)

    def _live_frames(self, signal: Event | ProgressMessage | Heartbeat) -> Iterator[UserFrame]:
        match signal:
            case Heartbeat():
                yield UserFrame(UserFrameKind.HEARTBEAT)
            case ProgressMessage():
                self._note_progress(signal)
                yield from self._progress_frames(signal.job_id)
            case Event():
                yield from self._event_frames(signal)
                yield from self._progress_frames(signal.job_id)

    def _event_frames(self, event: Event) -> Iterator[UserFrame]:
        event_id = EventId.parse(event.id)
        if self._sent is not None and event_id <= self._sent:
            return
        self._sent = event_id
        if kind := _OF_ASSETS.get(event.type):
            yield UserFrame(kind, data={"job_id": event.job_id, **event.data}, id=event.id)
        elif event.type.startswith("job."):
            data = job_event_data(event)
            if data is None or data.history.seq <= self._sent_seq.get(event.job_id, 0):
                return
            self._note(data)
            yield UserFrame(UserFrameKind.JOB_UPDATE, job=data.job)
            yield UserFrame(UserFrameKind.JOB_HISTORY, entry=data.history, id=event.id)

    def _note(self, data: JobEventData) -> None:
        if running := self._running.get(data.job.id):
            running.view = data.job
            running.progress.note_entry(data.history)

    def _note_progress(self, message: ProgressMessage) -> None:
        if running := self._running.get(message.job_id):
            running.progress.note_message(message, live_preview(message, self.urls, self.clock()))

    def _progress_frames(self, job_id: JobId) -> Iterator[UserFrame]:
        """Yield the job's progress if it has increased."""
        running = self._running.get(job_id)
        if running is None:
            return
        view = running.progress.applied_to(running.view)
        if view is not running.view:
            running.view = view
            yield UserFrame(UserFrameKind.JOB_UPDATE, job=view)


def concerns_user(event: Event) -> bool:
    """Return whether the stream of the event's user sends it."""
    return event.type.startswith("job.") or event.type in _OF_ASSETS
