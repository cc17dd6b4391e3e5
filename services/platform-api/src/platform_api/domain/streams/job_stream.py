"""The stream of one job: a snapshot or what was missed, then live news, without a gap and without a double.

The listener is registered before anything is read, so news that comes meanwhile is buffered. History entries count from
1: an event whose entry the snapshot already holds is not told again.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.events import JOB_TERMINAL, Event
from darkroom_schemas.ids import EventId, JobId, UserId
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobEventData, JobView
from darkroom_schemas.status import TERMINAL, JobStatus
from pydantic import ValidationError

from platform_api.domain.clock import Clock
from platform_api.domain.errors import NotFound
from platform_api.domain.jobs.ports import JobReads, JobSnapshot
from platform_api.domain.jobs.view import AssetUrls, job_view, preview_url
from platform_api.domain.streams.subscription import Closed, Heartbeat, JobSubscriptions, Replay, Reset, Signal

_ENDING_A_NODE = frozenset({HistoryEvent.NODE_COMPLETED, HistoryEvent.COMPLETE})


class FrameKind(StrEnum):
    """The words of the seed's stream, and `reset`: forget what you knew, here is all of it.

    `opened` comes first and carries no data: the job exists, and its end has not been read.
    """

    OPENED = "opened"
    HISTORY_INIT = "history_init"
    JOB_UPDATE = "job_update"
    JOB_HISTORY = "job_history"
    RESET = "reset"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message to the listener. Only an event's last frame has an id: to have read it is to have read the event."""

    kind: FrameKind
    job: JobView | None = None
    history: tuple[HistoryEntry, ...] = ()
    id: str | None = None


class EventsLost(Exception):
    """Raised by a `Replay` that no longer reaches back far enough."""


@dataclass
class _Sent:
    """What the listener knows: the event and the history entry told last, and the job as it was then.

    Progress may come before the event that says the job runs, and after the one that says that its step is done: it is
    kept until then, and left out from then on.
    """

    job: JobView
    steps_total: int
    run: int
    running: dict[int, float] = field(default_factory=dict)
    """Percentages by step."""
    preview_url: str | None = None
    done: set[int] = field(default_factory=set)
    job_seq: int = 0
    """The history entry that the job as it was told stands at."""
    seq: int = 0
    event_id: EventId | None = None
    ended: bool = False


async def stream_job(
    job_id: JobId,
    user_id: UserId,
    last_event_id: str | None,
    *,
    jobs: JobReads,
    feed: JobSubscriptions,
    replay: Replay,
    urls: AssetUrls,
    clock: Clock,
    heartbeat_s: float,
) -> AsyncIterator[Frame]:
    """Yield frames until the job has ended. Yields nothing to a listener who has read the end already.

    The first frame is `opened`; only a terminal event that was read is a reason for none. Raises `NotFound` before the
    first frame. A `last_event_id` that is no event id is ignored.
    """
    async with feed.subscribe(job_id) as live:
        snapshot = await _snapshot(jobs, job_id, user_id)
        sent = _Sent(job_view(snapshot.job, urls, clock()), snapshot.job.steps_total, snapshot.job.run)
        for entry in snapshot.history:
            _note(entry, sent)
        resume_from = _parse(last_event_id)
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
                    _note(entry, sent)
                yield _reset(snapshot, sent)
                async for frame in _end_if_known(snapshot, sent, replay):
                    yield frame
                continue
            if isinstance(signal, ProgressMessage):
                sent.preview_url = preview_url(signal, urls, clock())
            for frame in _live_frames(signal, sent):
                yield frame


async def _missed(snapshot: JobSnapshot, sent: _Sent, replay: Replay) -> AsyncIterator[Frame]:
    """Tell what stands in the log after the event told last, or everything if that is no longer known."""
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
    """End the stream of a job that has ended, once its terminal event is told.

    Between an event and the note in the database that it was appended, only the log knows of it; whoever began to
    listen in between would wait for it in vain.
    """
    if sent.ended or snapshot.job.status not in TERMINAL:
        return
    if snapshot.announced:
        sent.ended = True
        return
    events = await replay.read_job(snapshot.job.id, None)
    if any(event.type in JOB_TERMINAL and _seq(event) == snapshot.job.history_seq for event in events):
        for event in events:  # all: what comes before the end may be as new as the end
            for frame in _event_frames(event, sent):
                yield frame
        sent.ended = True


async def _has_read_end(snapshot: JobSnapshot, last_event_id: str | None, replay: Replay) -> bool:
    """Tell whether the last event is the terminal one, although the database has not noted its id.

    The id may be of an earlier epoch: without this check its reader would get a reset and the end at each reconnect.
    """
    if snapshot.announced or last_event_id is None:
        return False
    events = await replay.read_job(snapshot.job.id, None)
    return any(event.id == last_event_id and _seq(event) == snapshot.job.history_seq for event in events)


async def _snapshot(jobs: JobReads, job_id: JobId, user_id: UserId) -> JobSnapshot:
    snapshot = await jobs.snapshot(job_id, user_id)
    if snapshot is None:
        raise NotFound("job")
    return snapshot


def _parse(last_event_id: str | None) -> EventId | None:
    with suppress(ValueError):
        return EventId.parse(last_event_id) if last_event_id else None
    return None


def _has_read_all(snapshot: JobSnapshot, last: EventId) -> bool:
    if not snapshot.announced or snapshot.job.last_event_id is None:
        return False
    latest = EventId.parse(snapshot.job.last_event_id)
    return (latest.shard, latest.epoch) == (last.shard, last.epoch) and last >= latest


def _seq(event: Event) -> int | None:
    data = job_event_data(event)
    return data.history.seq if data else None


def job_event_data(event: Event) -> JobEventData | None:
    """Parse the data of a `job.*` event; None if it cannot be parsed: streams must not end at it."""
    try:
        return JobEventData.model_validate(event.data)
    except ValidationError:
        return None


def _opening(snapshot: JobSnapshot, sent: _Sent) -> Iterator[Frame]:
    """Tell the job as it is, and as much of its history as the id stands for; the rest follows as events."""
    _remember(snapshot, sent, snapshot.announced_seq)
    yield Frame(FrameKind.HISTORY_INIT, history=snapshot.history[: snapshot.announced_seq])
    yield Frame(FrameKind.JOB_UPDATE, job=sent.job, id=snapshot.job.last_event_id)


def _reset(snapshot: JobSnapshot, sent: _Sent) -> Frame:
    """Send everything; without an id if an entry has none yet, since a reader that resumed there would get it twice."""
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
            _, run, number = signal.step_id.rsplit(":", 2)
            if int(run) == sent.run:
                sent.running[int(number)] = signal.percent_of_step
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
    _note(data.history, sent)
    if data.history.seq > sent.job_seq:
        sent.job = _with_progress(data.job, sent)
        yield Frame(FrameKind.JOB_UPDATE, job=sent.job)
    yield Frame(FrameKind.JOB_HISTORY, history=(data.history,), id=event.id)


def _note(entry: HistoryEntry, sent: _Sent) -> None:
    """Keep in mind which steps are done, in the run that the entry is about."""
    if entry.run < sent.run:
        return
    if entry.run > sent.run:
        sent.run, sent.running, sent.done = entry.run, {}, set()
    if entry.event in _ENDING_A_NODE and entry.step is not None:
        sent.done.add(entry.step)


def _progress_frames(sent: _Sent) -> Iterator[Frame]:
    """Tell the progress of the whole job, when there is some."""
    job = _with_progress(sent.job, sent)
    if job is not sent.job:
        sent.job = job
        yield Frame(FrameKind.JOB_UPDATE, job=job)


def _with_progress(job: JobView, sent: _Sent) -> JobView:
    """Raise a running job's progress to the mean over its steps, if that is more: it never goes back."""
    if job.status is not JobStatus.RUNNING:
        return job
    running = sum(percent for number, percent in sent.running.items() if number not in sent.done)
    percent = round((len(sent.done) * 100 + running) / sent.steps_total, 1)
    if percent <= (job.progress or 0.0):
        return job
    return job.model_copy(update={"progress": percent, "preview_url": sent.preview_url})
