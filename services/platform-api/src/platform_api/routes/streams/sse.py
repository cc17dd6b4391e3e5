"""Encodes the frames of a job's stream as Server-Sent Events."""

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
"""A comment line. No blank line follows: some clients would treat it as an empty event."""
RETRY = b"retry: 1000\n"
"""Reconnection time of an EventSource, in milliseconds."""
RETRY_AFTER_S = 1

_ENTRIES = TypeAdapter(list[EmPropsHistoryEntry])


class Reset(EmPropsJob):
    """The complete state of a job, for a listener that may have missed events."""

    history: list[EmPropsHistoryEntry]


def encode(frame: Frame) -> bytes:
    """Encode a frame as an event."""
    if frame.kind is FrameKind.HEARTBEAT:
        return HEARTBEAT
    lines = [f"event: {frame.kind}"]
    if frame.id is not None:
        lines.append(f"id: {frame.id}")
    lines.append(f"data: {_data(frame)}")
    return ("\n".join(lines) + "\n\n").encode()


class EventStreamResponse(StreamingResponse):
    """Sends the headers and the first line at once, then frames until a backing service becomes unavailable.

    Releases the listener's stream slot when the response ends.
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
    """Reserve one of the listener's stream slots; raises 429 if none is free."""
    place = context.streams.places.take(listener)
    if place is None:
        sentence = f"A user can have at most {context.streams.places.limit} event streams open; close one."
        raise AppError(429, ErrorCode.RATE_LIMITED, sentence, retryable=True, headers={"Retry-After": "10"})
    return place


def ask_to_reconnect(request: Request, reason: str) -> Response:
    """Ask a listener to reconnect: a 503, or for an EventSource an empty stream.

    An EventSource does not reconnect after any status but 200. It is recognised by its Accept header and by the absence
    of credential headers, which it cannot send.
    """
    accepts = request.headers.get("accept", "")
    if "text/event-stream" in accepts and not {"authorization", "x-api-key"} & set(request.headers):
        return Response(RETRY + b"\n", media_type="text/event-stream", headers=HEADERS)
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    raise AppError(503, ErrorCode.UNAVAILABLE, reason, retryable=True, headers=headers)


def is_stopping(request: Request) -> bool:
    """Return whether the process is shutting down."""
    stopping: asyncio.Event = request.app.state.stopping
    return stopping.is_set()


async def _with_retry(frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield RETRY + b":connected\n"
    async for frame in frames:
        yield frame


STOPPING = "The server is stopping; connect again."
AWAY = "A backing service of the stream does not answer; connect again."


async def until_outage(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass a stream on, and end it when a backing service becomes unavailable; its reader can resume it."""
    try:
        async for frame in stream:
            yield frame
    except (RedisUnavailable, *DATABASE_AWAY) as error:
        log.warning("A stream ended because a backing service does not answer", reason=type(error).__name__)


def _data(frame: Frame) -> str:
    entries = [emprops_history(entry) for entry in frame.history]
    match frame.kind:
        case FrameKind.HISTORY_INIT:
            return _ENTRIES.dump_json(entries).decode()
        case FrameKind.JOB_HISTORY:
            return entries[0].model_dump_json()
    if frame.job is None:
        raise ValueError(f"a {frame.kind} frame requires a job")
    job = emprops_job(frame.job)
    if frame.kind is FrameKind.RESET:
        return Reset(**job.model_dump(), history=entries).model_dump_json()
    return job.model_dump_json()
