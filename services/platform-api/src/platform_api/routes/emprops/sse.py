"""Frames of a job's stream as Server-Sent Events."""

from pydantic import TypeAdapter

from platform_api.domain.job_stream import Frame, FrameKind
from platform_api.routes.emprops.mapping import EmPropsHistoryEntry, EmPropsJob, emprops_history, emprops_job

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
