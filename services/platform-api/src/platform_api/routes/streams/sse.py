"""Frames of a job's stream as Server-Sent Events."""

import asyncio
from collections.abc import AsyncIterator

from darkroom_chassis.connection_limit import Place
from darkroom_chassis.database import DATABASE_AWAY
from darkroom_chassis.errors import AppError
from darkroom_chassis.logs import get_logger
from darkroom_redis import RedisUnavailable
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import UserId
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter
from starlette.types import Receive, Scope, Send

from platform_api.context import Context
from platform_api.domain.streams.job_stream import Frame, FrameKind
from platform_api.routes.dialects.emprops.mapping import EmPropsHistoryEntry, EmPropsJob, emprops_history, emprops_job

log = get_logger(__name__)
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
HEARTBEAT = b":heartbeat\n"
"""A comment line without a blank line of its own, of which some clients would make an empty event."""
RETRY = b"retry: 1000\n"
"""How long a browser waits before it connects again, in milliseconds."""
RETRY_AFTER_S = 1

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


class EventStreamResponse(StreamingResponse):
    """Sends the headers and the first line at once, then frames until a server that they come from goes away.

    Gives its place among the listener's streams back when the body ends, however it ends.
    """

    def __init__(self, frames: AsyncIterator[bytes], place: Place) -> None:
        super().__init__(_with_retry(until_outage(frames)), media_type="text/event-stream", headers=HEADERS)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._place.release()


def take_place(context: Context, listener: UserId) -> Place:
    """Take one of the listener's streams, or raise 429."""
    place = context.streams.take(listener)
    if place is None:
        sentence = f"At most {context.streams.limit} event streams of one user may be open; close one."
        raise AppError(429, ErrorCode.RATE_LIMITED, sentence, retryable=True, headers={"Retry-After": "10"})
    return place


def come_back(request: Request, reason: str) -> Response:
    """Have a listener connect again: a 503, or for an EventSource an empty stream.

    An EventSource ends for good at any status but 200. It is known by what it accepts, and by sending no credential of
    its own, which it cannot.
    """
    accepts = request.headers.get("accept", "")
    if "text/event-stream" in accepts and not {"authorization", "x-api-key"} & set(request.headers):
        return Response(RETRY + b"\n", media_type="text/event-stream", headers=HEADERS)
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    raise AppError(503, ErrorCode.UNAVAILABLE, reason, retryable=True, headers=headers)


def is_stopping(request: Request) -> bool:
    """Tell whether the process is about to end, and every stream with it."""
    stopping: asyncio.Event = request.app.state.stopping
    return stopping.is_set()


async def _with_retry(frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield RETRY + b":connected\n"
    async for frame in frames:
        yield frame


STOPPING = "The server is stopping; connect again."
AWAY = "A server that the stream stands on does not answer; connect again."


async def until_outage(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass a stream on, and end it when a server that it stands on goes away: its reader comes back and resumes."""
    try:
        async for frame in stream:
            yield frame
    except (RedisUnavailable, *DATABASE_AWAY) as error:
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
