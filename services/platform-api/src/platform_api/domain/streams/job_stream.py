"""The stream of one job: a snapshot or the missed events, then live events, without gaps or duplicates.

The subscription starts before anything is read, so that later events are buffered. History entries are numbered from 1:
an event whose entry is part of the snapshot is not sent again.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import StrEnum

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.events import JOB_TERMINAL, Event
from darkroom_schemas.ids import EventId, JobId, UserId
from darkroom_schemas.job import HistoryEntry, JobView
from darkroom_schemas.status import TERMINAL

from platform_api.domain.clock import Clock
from platform_api.domain.errors import NotFound
from platform_api.domain.jobs.ports import JobSnapshot, JobSnapshots
from platform_api.domain.jobs.view import AssetUrls, job_view, live_preview
from platform_api.domain.streams.live_progress import LiveProgress
from platform_api.domain.streams.replay import EventsLost, Replay, job_event_data, resume_position
from platform_api.domain.streams.subscription import Closed, Heartbeat, JobSubscriptions, Reset, Signal


class FrameKind(StrEnum):
    """The kinds of frames. `reset` replaces everything that the client knows by the current state.

    `opened` is the first frame and has no data: the job exists, and the client has not read its end.
    """

    OPENED = "opened"
    HISTORY_INIT = "history_init"
    JOB_UPDATE = "job_update"
    JOB_HISTORY = "job_history"
    RESET = "reset"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message to the client. Only the last frame of an event has an id: it confirms the whole event."""

    kind: FrameKind
    job: JobView | None = None
    history: tuple[HistoryEntry, ...] = ()
    id: str | None = None


@dataclass
class _Sent:
    """What the client was sent: the last event and history entry, and the job at that point."""

    job: JobView
    progress: LiveProgress
    job_seq: int = 0
    """Number of the history entry that the sent job corresponds to."""
    seq: int = 0
    event_id: EventId | None = None
    ended: bool = False


async def stream_job(
    job_id: JobId,
    user_id: UserId,
    last_event_id: str | None,
    *,
    jobs: JobSnapshots,
    feed: JobSubscriptions,
    replay: Replay,
    urls: AssetUrls,
    clock: Clock,
    heartbeat_s: float,
) -> AsyncIterator[Frame]:
    """Yield frames until the job has ended. Yields nothing to a client that has read the terminal event.

    The first frame is `opened`, unless the client has read the terminal event. Raises `NotFound` before the first
    frame. An invalid `last_event_id` is ignored.
    """
    async with feed.subscribe(job_id) as live:
        snapshot = await _snapshot(jobs, job_id, user_id)
        progress = LiveProgress(snapshot.job.run, snapshot.job.steps_total)
        sent = _Sent(job_view(snapshot.job, urls, clock()), progress)
        for entry in snapshot.history:
            progress.note_entry(entry)
        resume_from = resume_position(last_event_id)
        has_read_all = resume_from is not None and _has_read_all(snapshot, resume_from)
        if snapshot.job.status in TERMINAL and (has_read_all or await _has_read_end(snapshot, last_event_id, replay)):
            return
        yield Frame(FrameKind.OPENED)
        if resume_from is None:
            for frame in _opening(snapshot, sent):
                yield frame
        else:
            sent.event_id = resume_from
        if not has_read_all:
            async for frame in _missed(snapshot, sent, replay):
                yield frame
        async for frame in _end_if_known(snapshot, sent, replay):
            yield frame
        while not sent.ended:
            signal = await live.next(heartbeat_s)
            if isinstance(signal, Closed):
                return
            if isinstance(signal, Reset):
                snapshot = await _snapshot(jobs, job_id, user_id)
                sent.job = job_view(snapshot.job, urls, clock())
                for entry in snapshot.history:
                    progress.note_entry(entry)
                yield _reset(snapshot, sent)
                async for frame in _end_if_known(snapshot, sent, replay):
                    yield frame
                continue
            if isinstance(signal, ProgressMessage):
                progress.note_message(signal, live_preview(signal, urls, clock()))
            for frame in _live_frames(signal, sent):
                yield frame


async def _missed(snapshot: JobSnapshot, sent: _Sent, replay: Replay) -> AsyncIterator[Frame]:
    """Yield the logged events after the last sent one, or a reset if the log no longer contains them."""
    if snapshot.announced and sent.seq == snapshot.job.history_seq:
        return
    try:
        events = await replay.read_job(snapshot.job.id, sent.event_id)
    except EventsLost:
        yield _reset(snapshot, sent)
        return
    for event in events:
        for frame in _event_frames(event, sent):
            yield frame


async def _end_if_known(snapshot: JobSnapshot, sent: _Sent, replay: Replay) -> AsyncIterator[Frame]:
    """End the stream of an ended job after its terminal event was sent.

    An event is first appended to the log, then its id is stored in the database. A client that subscribed in between
    receives no live event, so the log is checked.
    """
    if sent.ended or snapshot.job.status not in TERMINAL:
        return
    if snapshot.announced:
        sent.ended = True
        return
    events = await replay.read_job(snapshot.job.id, None)
    if any(event.type in JOB_TERMINAL and _seq(event) == snapshot.job.history_seq for event in events):
        for event in events:  # all of them: events before the terminal one may be new to the client, too
            for frame in _event_frames(event, sent):
                yield frame
        sent.ended = True


async def _has_read_end(snapshot: JobSnapshot, last_event_id: str | None, replay: Replay) -> bool:
    """Return whether `last_event_id` is the terminal event, although the database does not have its id yet.

    The id may be of an earlier epoch. Without this check, the client would get a reset and the end at each reconnect.
    """
    if snapshot.announced or last_event_id is None:
        return False
    events = await replay.read_job(snapshot.job.id, None)
    return any(event.id == last_event_id and _seq(event) == snapshot.job.history_seq for event in events)


async def _snapshot(jobs: JobSnapshots, job_id: JobId, user_id: UserId) -> JobSnapshot:
    snapshot = await jobs.snapshot(job_id, user_id)
    if snapshot is None:
        raise NotFound("job")
    return snapshot


def _has_read_all(snapshot: JobSnapshot, last: EventId) -> bool:
    if not snapshot.announced or snapshot.job.last_event_id is None:
        return False
    latest = EventId.parse(snapshot.job.last_event_id)
    return (latest.shard, latest.epoch) == (last.shard, last.epoch) and last >= latest


def _seq(event: Event) -> int | None:
    data = job_event_data(event)
    return data.history.seq if data else None


def _opening(snapshot: JobSnapshot, sent: _Sent) -> Iterator[Frame]:
    """Yield the job, and its history up to the entry of the frame's id; later entries follow as events."""
    _remember(snapshot, sent, snapshot.announced_seq)
    yield Frame(FrameKind.HISTORY_INIT, history=snapshot.history[: snapshot.announced_seq])
    yield Frame(FrameKind.JOB_UPDATE, job=sent.job, id=snapshot.job.last_event_id)


def _reset(snapshot: JobSnapshot, sent: _Sent) -> Frame:
    """Return a frame with everything. It has no id if an entry has none yet: resuming there would repeat the entry."""
    _remember(snapshot, sent, snapshot.job.history_seq)
    place = snapshot.job.last_event_id if snapshot.announced else None
    return Frame(FrameKind.RESET, job=sent.job, history=snapshot.history, id=place)


def _remember(snapshot: JobSnapshot, sent: _Sent, seq: int) -> None:
    sent.seq, sent.job_seq = seq, snapshot.job.history_seq
    sent.event_id = EventId.parse(snapshot.job.last_event_id) if snapshot.job.last_event_id else None


def _live_frames(signal: Signal, sent: _Sent) -> Iterator[Frame]:
    match signal:
        case Heartbeat():
            yield Frame(FrameKind.HEARTBEAT)
        case ProgressMessage():
            yield from _progress_frames(sent)
        case Event():
            yield from _event_frames(signal, sent)
            yield from _progress_frames(sent)


def _event_frames(event: Event, sent: _Sent) -> Iterator[Frame]:
    if not event.type.startswith("job."):
        return
    event_id = EventId.parse(event.id)
    if sent.event_id is not None and event_id <= sent.event_id:
        return
    sent.event_id, sent.ended = event_id, event.type in JOB_TERMINAL
    data = job_event_data(event)
    if data is None:
        return
    if data.history.seq < sent.seq:
        return
    if data.history.seq == sent.seq:
        yield Frame(FrameKind.JOB_UPDATE, job=sent.job, id=event.id)
        return
    sent.seq = data.history.seq
    sent.progress.note_entry(data.history)
    if data.history.seq > sent.job_seq:
        sent.job = sent.progress.applied_to(data.job)
        yield Frame(FrameKind.JOB_UPDATE, job=sent.job)
    yield Frame(FrameKind.JOB_HISTORY, history=(data.history,), id=event.id)


def _progress_frames(sent: _Sent) -> Iterator[Frame]:
    """Yield the job's progress if it has increased."""
    job = sent.progress.applied_to(sent.job)
    if job is not sent.job:
        sent.job = job
        yield Frame(FrameKind.JOB_UPDATE, job=job)
