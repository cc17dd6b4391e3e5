"""`/ws/job-groups/{job_group_id}`: the progress and the results of one group, live, and resumable by event id."""

import asyncio
import json
import time
from typing import Any

from darkroom_queue import EventLog, SlowReader
from darkroom_redis import TicketHolder
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, StepId
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from queue_api.context import Context
from queue_api.domain.frames import Frame, Message, to_text
from queue_api.domain.groups.record import GroupRecord
from queue_api.domain.groups.views import (
    Views,
    child_message,
    group_complete,
    initial_state,
    standing,
    views_by_step,
)
from queue_api.sockets.close_codes import Close
from queue_api.sockets.serving import SEND_TIMEOUT_S, first_to_end, serve, within_limits
from queue_api.sockets.viewer import ALL_TENANTS, holder_of

router = APIRouter()
_ERROR = 'Send "ping" or "close", as text or as {"type": "ping"}.'


@router.websocket("/ws/job-groups/{job_group_id}")
async def follow_group(socket: WebSocket, job_group_id: str) -> None:
    """Send the state of a group, then its events; `group_complete` comes again to those who connect after the end."""
    await serve(socket, lambda context: _follow(socket, context, JobId(job_group_id)))


async def _follow(socket: WebSocket, context: Context, group_id: JobId) -> tuple[Close, str]:
    holder = await holder_of(socket, context) if context.groups_need_token else ALL_TENANTS
    if holder is not None and holder.tenant is not None:
        holder = None  # tickets of users are not for groups

    async def run(_: TicketHolder, since: EventId | None) -> tuple[Close, str]:
        record = await context.groups.get(group_id)
        if record is None:
            return Close.UNKNOWN_GROUP, "there is no such group, or it has expired"
        return await _GroupConnection(socket, context, record).run(since)

    return await within_limits(socket, context, holder, run)


class _GroupConnection:
    """One connection. Its tasks end together when the first of them ends."""

    def __init__(self, socket: WebSocket, context: Context, record: GroupRecord) -> None:
        self._socket, self._context, self._record = socket, context, record
        self._progress = context.progress.subscribe()
        self._places = {child.step_id: child.backend_id for child in record.children}
        self._is_complete = False
        self._position: EventId | None = None
        """The event after which further ones follow; None if events may be missing."""

    async def run(self, since: EventId | None) -> tuple[Close, str]:
        """Serve until one of the tasks ends, and return code and reason."""
        stopping: asyncio.Event = self._socket.app.state.stopping
        try:
            # The position is taken before the state is read, so that no event falls between the two.
            position = self._position = since or await self._context.fanout.tail()
            await self._send_state(position)
            parts = (self._send_events(position), self._send_progress(), self._receive(), stopping.wait())
            ended = await first_to_end(parts)
        finally:
            self._context.progress.unsubscribe(self._progress)
        error = ended.exception()
        if stopping.is_set():
            await self._send({"type": "server_disconnect", "reason": "draining", "reconnect_after": 1000})
            return Close.GOING_AWAY, "the server is stopping"
        match error:
            case SlowReader() | TimeoutError():
                return Close.TOO_SLOW, "reconnect with ?since=<last event id>"
            case None:
                return Close.NORMAL, "closed by the client"
        raise error

    async def _send_events(self, since: EventId) -> None:
        async for item in self._context.fanout.follow(since=since, job_id=self._record.id):
            if not isinstance(item, Event):  # events may be missing
                self._position = None
                await self._send_state()
                continue
            self._position = EventId.parse(item.id)
            message = child_message(item, self._record, self._context.outputs.url)
            if message is not None:
                await self._send(message)
                await self._send_end(await self._views())

    async def _send_state(self, position: EventId | None = None) -> None:
        """Send the state, with the position after which the events follow if that is known."""
        views, doing = await self._views(), self._context.progress.doing(self._record.step_ids)
        place = {} if position is None else {"event_id": str(position)}
        await self._send(initial_state(self._record, views, self._context.outputs.url, doing) | place)
        await self._send_end(views)

    async def _send_end(self, views: Views) -> None:
        """Send `group_complete` once, when all children have ended and their events were sent."""
        if self._is_complete:
            return
        record = await self._context.groups.get(self._record.id)
        self._record = record or self._record  # it may have been cancelled meanwhile
        if standing(self._record, views).is_final and not await self._has_events_to_send():
            self._is_complete = True
            await self._send(group_complete(self._record, views, self._context.outputs.url))

    async def _has_events_to_send(self) -> bool:
        position = self._position
        if position is None:
            return False
        events = await EventLog(self._context.redis_client).read_job(self._record.id, None)
        later = (event for event in events if EventId.parse(event.id) > position)
        return any(child_message(event, self._record, self._context.outputs.url) is not None for event in later)

    async def _send_progress(self) -> None:
        while True:
            for frame in await self._progress.take():
                if frame.job_id in self._places:
                    await self._send(self._progress_of(frame))

    def _progress_of(self, frame: Frame) -> Message:
        progress: dict[str, Any] = json.loads(frame.text)
        return {
            "type": "child_progress",
            "job_id": frame.job_id,
            "backend_id": self._places[StepId(frame.job_id or "")],
            "progress": progress["step_progress"],
            "current_step": progress["message"],
            "steps_completed": progress["current_step"],
            "steps_total": progress["total_steps"],
        }

    async def _receive(self) -> None:
        """Answer until the client asks to close."""
        while True:
            frame = await self._socket.receive()
            if frame["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(frame.get("code", Close.NORMAL))
            match _kind_of(frame.get("text")):
                case "ping":
                    await self._send({"type": "pong"})
                case "close":
                    return
                case _:
                    await self._send({"type": "error", "error_code": "invalid_message", "error": _ERROR})

    async def _views(self) -> Views:
        return views_by_step(self._record, await self._context.producer.read_many(self._record.step_ids))

    async def _send(self, message: Message) -> None:
        text = to_text({"timestamp": time.time_ns() // 1_000_000} | message)
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._socket.send_text(text)
        except RuntimeError as error:
            raise WebSocketDisconnect(Close.NO_CLOSE_FRAME) from error


def _kind_of(text: str | None) -> str | None:
    """Return the kind of a message: a word, or the `type` of a JSON object."""
    if text is None:
        return None
    word = text.strip().strip('"')
    if word in {"ping", "close"}:
        return word
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    kind = message.get("type") if isinstance(message, dict) else None
    return kind if isinstance(kind, str) else None
