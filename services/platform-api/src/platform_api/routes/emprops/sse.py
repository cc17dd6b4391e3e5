"""Frames of a job's stream as Server-Sent Events."""

from collections.abc import AsyncIterator

from darkroom_chassis.logs import get_logger
from darkroom_queue import QueueUnavailable
from pydantic import TypeAdapter

from platform_api.domain.job_stream import Frame, FrameKind
from platform_api.routes.emprops.mapping import EmPropsHistoryEntry, EmPropsJob, emprops_history, emprops_job
from platform_api.routes.errors import DATABASE_AWAY

log = get_logger(__name__)
HEARTBEAT = b":heartbeat\n"
"""A comment line without a blank line of its own, of which some clients would make an empty event."""
RETRY = b"retry: 1000\n"
"""How long a browser waits before it connects again, in milliseconds."""

_ENTRIES = TypeAdapter(list[EmPropsHistoryEntry])


class Reset(EmPropsJob):
    """Everything about a job, for a listener that may have missed something."""

    history: list[EmPropsHistoryEntry]


def encode(frame: Frame) -> bytes:
    """Write a frame in the words of the seed's stream."""
    if frame.kind is FrameKind.HEARTBEAT:
        return HEARTBEAT
    lines = [f"event: {frame.kind}"]
    if frame.id is not None:
        lines.append(f"id: {frame.id}")
    lines.append(f"data: {_data(frame)}")
    return ("\n".join(lines) + "\n\n").encode()


async def until_outage(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass a stream on, and end it when a server that it stands on goes away: its reader comes back and resumes."""
    try:
        async for frame in stream:
            yield frame
    except (QueueUnavailable, *DATABASE_AWAY) as error:
        log.warning("A stream ends, since a server does not answer; its reader may resume", reason=type(error).__name__)


def _data(frame: Frame) -> str:
    entries = [emprops_history(entry) for entry in frame.history]
    match frame.kind:
        case FrameKind.HISTORY_INIT:
            return _ENTRIES.dump_json(entries).decode()
        case FrameKind.JOB_HISTORY:
            return entries[0].model_dump_json()
    if frame.job is None:
        raise ValueError(f"a {frame.kind} frame carries a job")
    job = emprops_job(frame.job)
    if frame.kind is FrameKind.RESET:
        return Reset(**job.model_dump(), history=entries).model_dump_json()
    return job.model_dump_json()
