"""`/ws` and `/ws/monitor/{monitor_id}`: the events of the queue, live, and resumable by event id.

`?since=<event id>` replays missed events. If the log does not reach back that far, the client gets a `reset` message.
"""

import asyncio
import json
import re
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any

from darkroom_chassis.logs import get_logger
from darkroom_queue import RESET, SlowReader
from darkroom_redis import RedisUnavailable, TicketExpired, TicketHolder
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from queue_api.context import Context, context_of
from queue_api.domain.frames import answer_to
from queue_api.domain.messages import Message, messages_of
from queue_api.sockets.close_codes import Close
from queue_api.sockets.viewer import Viewer, holder_of

log = get_logger(__name__)
router = APIRouter()
SEND_TIMEOUT_S = 10.0
MAX_WAIT_S = 10.0**8
"""Longest time until a credential expires, in seconds: a limit for the timer, longer than any connection."""
_NAME = re.compile(r"[A-Za-z0-9_.:@-]{1,100}\Z", re.ASCII)


@router.websocket("/ws")
async def follow_events(socket: WebSocket) -> None:
    """Send the events of the queue."""
    await _serve(socket, None)


@router.websocket("/ws/monitor/{monitor_id}")
async def monitor_events(socket: WebSocket, monitor_id: str) -> None:
    """Send the events of the queue to a named monitor."""
    await _serve(socket, monitor_id)


async def _serve(socket: WebSocket, monitor_id: str | None) -> None:
    """Serve a connection until its end. Closes it with a code and a reason."""
    await socket.accept()  # browsers report a refusal before accepting as 1006, without a reason
    try:
        code, reason = await _follow(socket, monitor_id)
    except (WebSocketDisconnect, TimeoutError):
        return
    except TicketExpired:
        code, reason = Close.EXPIRED, "the ticket has expired: get another one"
    except RedisUnavailable:
        code, reason = Close.TRY_AGAIN_LATER, "the queue does not answer"
    except Exception:
        log.exception("A socket failed unexpectedly")
        code, reason = Close.INTERNAL, "the server failed"
    with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):  # the transport may be closed or blocked
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await socket.close(code, reason)


async def _follow(socket: WebSocket, monitor_id: str | None) -> tuple[Close, str]:
    """Serve the connection, and return code and reason for closing it."""
    context = context_of(socket)
    if monitor_id is not None and not _NAME.match(monitor_id):
        return Close.POLICY, "a monitor is named by 1 to 100 letters, digits or _.:@-"
    holder = await holder_of(socket, context)
    if holder is None:
        return Close.POLICY, "send a valid token"
    try:
        since = _since(socket)
    except ValueError as error:
        return Close.POLICY, str(error).encode("ascii", "backslashreplace").decode()[:120]
    address = socket.client.host if socket.client else "unknown"
    with context.connections.admit(_counted_as(holder, monitor_id, address)) as admitted:
        if not admitted:
            return Close.TRY_AGAIN_LATER, f"at most {context.connections.limit} connections a client"
        return await _Monitor(socket, context, monitor_id or address, holder).run(since)


def _counted_as(holder: TicketHolder, monitor_id: str | None, address: str) -> str:
    """Return the key of the connection limit: the user, else the monitor or the address.

    A prefix separates the three kinds, so that names of monitors cannot collide with others.
    """
    if holder.tenant is not None:
        return f"tenant {holder.tenant}"
    return f"address {address}" if monitor_id is None else f"monitor {monitor_id}"


def _since(socket: WebSocket) -> EventId | None:
    text = socket.query_params.get("since")
    return EventId.parse(text) if text else None


class _Unsupported(Exception):
    """The client sent a binary frame."""


class _Monitor:
    """One connection. Its tasks end together when the first of them ends."""

    def __init__(self, socket: WebSocket, context: Context, name: str, holder: TicketHolder) -> None:
        self._socket, self._context, self._name, self._holder = socket, context, name, holder
        self._viewer = Viewer(holder, context.producer)
        self._progress = context.progress.subscribe()

    async def run(self, since: EventId | None) -> tuple[Close, str]:
        """Serve until one of the tasks ends, and return code and reason. Raises errors without a close code."""
        stopping: asyncio.Event = self._socket.app.state.stopping
        try:
            await self._send({"type": "connected", "monitor_id": self._name, "timestamp": _now_ms()})
            parts = (self._send_events(since), self._send_progress(), self._receive(), self._expire(), stopping.wait())
            ended = await _first_to_end(parts)
            return await self._reason(ended, stopping.is_set())
        finally:
            self._context.progress.unsubscribe(self._progress)

    async def _reason(self, ended: asyncio.Task[Any], stopping: bool) -> tuple[Close, str]:
        error = ended.exception()
        if stopping:
            await self._send({"type": "server_disconnect", "reason": "draining", "reconnect_after": 1000})
            return Close.GOING_AWAY, "the server is stopping"
        match error:
            case SlowReader() | TimeoutError():
                return Close.TOO_SLOW, "reconnect with ?since=<last event id>"
            case _Unsupported():
                return Close.UNSUPPORTED, "send text frames"
            case None:
                return Close.EXPIRED, "the credential of this socket has expired"
        raise error

    async def _expire(self) -> None:
        """Return when the credential of the connection expires."""
        until_ms = self._holder.until_ms
        left_s = MAX_WAIT_S if until_ms is None else min(MAX_WAIT_S, until_ms / 1000 - time.time())
        await asyncio.sleep(left_s)

    async def _send_events(self, since: EventId | None) -> None:
        async for item in self._context.fanout.follow(since=since):
            if isinstance(item, Event):
                for message in _messages(item) if self._viewer.sees(item) else ():
                    await self._send(message)
            elif item is RESET:
                depth = await self._context.producer.depth()
                state = {"pending": depth.queued, "delayed": depth.delayed, "in_progress": depth.running}
                await self._send({"type": "reset", "timestamp": _now_ms(), "state": state})

    async def _send_progress(self) -> None:
        while True:
            for message in await self._progress.take():
                if await self._viewer.sees_progress(message):
                    await self._send(message)

    async def _receive(self) -> None:
        while True:
            frame = await self._socket.receive()
            if frame["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(frame.get("code", Close.NORMAL))
            text = frame.get("text")
            if text is None:
                raise _Unsupported
            await self._send(answer_to(text, _now_ms()))

    async def _send(self, message: Message) -> None:
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._socket.send_text(text)
        except RuntimeError as error:  # the server has closed the connection, and the disconnect is not received yet
            raise WebSocketDisconnect(Close.NO_CLOSE_FRAME) from error


async def _first_to_end(parts: Iterable[Coroutine[Any, Any, Any]]) -> asyncio.Task[Any]:
    """Run all coroutines. When one ends, cancel the others and return it."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _messages(event: Event) -> Sequence[Message]:
    """Convert an event. An unreadable event is skipped; otherwise it would end every connection that reaches it."""
    try:
        return messages_of(event)
    except (LookupError, ValueError, TypeError):
        log.exception("An event is unreadable and is skipped", event_id=event.id, type=event.type)
        return ()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
