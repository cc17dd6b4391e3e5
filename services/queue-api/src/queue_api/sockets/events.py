"""`/ws` and `/ws/monitor/{monitor_id}`: the events of the queue, live, and resumable by event id.

`?since=<event id>` replays what was missed. Where the log no longer reaches back, a `reset` message says so.
"""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

from darkroom_queue import RESET, SlowReader
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from queue_api.context import Context, context_of
from queue_api.domain.messages import Message, messages_of
from queue_api.sockets.close_codes import Close
from queue_api.sockets.viewer import Viewer, holder_of

router = APIRouter()
SEND_TIMEOUT_S = 10.0


@router.websocket("/ws")
async def follow_events(socket: WebSocket) -> None:
    """Follow the queue, counted by address."""
    await _serve(socket, client=socket.client.host if socket.client else "unknown")


@router.websocket("/ws/monitor/{monitor_id}")
async def monitor_events(socket: WebSocket, monitor_id: str) -> None:
    """Follow the queue as a named monitor."""
    await _serve(socket, client=monitor_id)


async def _serve(socket: WebSocket, client: str) -> None:
    context = context_of(socket)
    await socket.accept()  # a refusal before accepting reaches browsers as a nameless 1006
    holder = await holder_of(socket, context)
    if holder is None:
        await socket.close(Close.POLICY, "send a valid token")
        return
    try:
        since = _since(socket)
    except ValueError as error:
        await socket.close(Close.POLICY, str(error)[:120])
        return
    with context.connections.admit(client) as admitted:
        if not admitted:
            limit = context.connections.limit
            await socket.close(Close.TRY_AGAIN_LATER, f"at most {limit} connections a client")
            return
        await _Monitor(socket, context, client, Viewer(holder, context.producer)).run(since)


def _since(socket: WebSocket) -> EventId | None:
    text = socket.query_params.get("since")
    return EventId.parse(text) if text else None


class _Monitor:
    """One connection: three tasks that end together, whichever ends first."""

    def __init__(self, socket: WebSocket, context: Context, client: str, viewer: Viewer) -> None:
        self._socket, self._context, self._client, self._viewer = socket, context, client, viewer
        self._progress = context.progress.subscribe()

    async def run(self, since: EventId | None) -> None:
        hello = {"type": "connected", "monitor_id": self._client, "timestamp": _now_ms()}
        try:
            await self._send(hello)
            stopping: asyncio.Event = self._socket.app.state.stopping
            tasks = [
                asyncio.create_task(self._send_events(since)),
                asyncio.create_task(self._send_progress()),
                asyncio.create_task(self._receive()),
                asyncio.create_task(stopping.wait()),
            ]
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            await self._say_goodbye(next(iter(done)), stopping.is_set())
        except (WebSocketDisconnect, TimeoutError):
            return
        finally:
            self._context.progress.unsubscribe(self._progress)

    async def _say_goodbye(self, ended: asyncio.Task[Any], stopping: bool) -> None:
        error = ended.exception()
        if stopping:
            await self._send({"type": "server_disconnect", "reason": "draining", "reconnect_after": 1000})
            await self._socket.close(Close.GOING_AWAY, "the server is stopping")
        elif isinstance(error, SlowReader | TimeoutError):
            with suppress(RuntimeError):  # the transport may be gone
                await self._socket.close(Close.TOO_SLOW, "reconnect with ?since=<last event id>")
        elif error is not None and not isinstance(error, WebSocketDisconnect):
            raise error

    async def _send_events(self, since: EventId | None) -> None:
        async for item in self._context.fanout.follow(since=since):
            if isinstance(item, Event):
                for message in messages_of(item) if self._viewer.sees(item) else ():
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
            text = await self._socket.receive_text()
            await self._send(_answer(text))

    async def _send(self, message: Message) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._socket.send_text(json.dumps(message, separators=(",", ":"), ensure_ascii=False))


def _answer(text: str) -> Message:
    try:
        request = json.loads(text)
        kind, request_id = request.get("type"), request.get("id")
    except (ValueError, AttributeError):
        return {"type": "error", "error": "Send JSON objects with a `type`.", "error_code": "invalid_message"}
    known: dict[str, Message] = {
        "ping": {"type": "pong"},
        "heartbeat": {"type": "heartbeat_ack", "server_timestamp": _now_ms(), "events_missed": 0},
    }
    unknown = {
        "type": "error", "error_code": "unknown_type",
        "error": f"This socket knows {', '.join(known)}, not {str(kind)[:50]!r}.",
    }  # fmt: skip
    answer = known.get(kind, unknown) | {"timestamp": _now_ms()}
    return answer | ({"id": request_id} if request_id is not None else {})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
