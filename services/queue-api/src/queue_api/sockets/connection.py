"""One WebSocket connection: what it sends and receives until it ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Any

from darkroom_chassis.errors import AppError
from darkroom_chassis.websocket_protocol import FRAMES, WRITE, Write
from darkroom_queue import RESET, Followed, SlowReader
from darkroom_redis import RedisUnavailable, TicketHolder
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId
from fastapi import WebSocket, WebSocketDisconnect

from queue_api.context import Context
from queue_api.domain.client_messages import InvalidMessage, RequestId, read_message
from queue_api.domain.frame_buffer import Overflowed
from queue_api.domain.frames import Frame, Message, Topic, to_text
from queue_api.domain.subscription import Subscription
from queue_api.sockets.close_codes import Close
from queue_api.sockets.commands import Commands
from queue_api.sockets.errors import MessageRefused, error_message, of_app_error, of_invalid
from queue_api.sockets.serving import SEND_TIMEOUT_S, first_to_end
from queue_api.sockets.viewer import Viewer

MAX_WAIT_S = 10.0**8
"""Longest time until a credential expires, in seconds: a limit for the timer, longer than any connection."""
STATS_EVERY_S = 5.0
AT_ONCE = 64
"""Frames, or events with theirs, that are written together."""


class _Unsupported(Exception):
    """The client sent a binary frame."""


class Connection:
    """Its tasks end together when the first of them ends. `owner` names a client whose jobs are remembered."""

    def __init__(
        self, socket: WebSocket, context: Context, holder: TicketHolder, subscription: Subscription, owner: str | None
    ) -> None:
        self._socket, self._context, self._holder = socket, context, holder
        self._subscription = subscription
        self._viewer = Viewer(holder, context.directory)
        self._commands = Commands(context, holder, self._viewer, subscription, owner)
        self._progress = context.progress.subscribe()
        self._fleet = context.board.subscribe()
        self._write: Write = socket.scope["extensions"][WRITE]
        self._asked = asyncio.Event()
        """A message of the client was carried out, which may have changed what it wants."""

    async def run(self, greeting: Message, since: EventId | None) -> tuple[Close, str]:
        """Serve until one of the tasks ends, and return code and reason. Raises errors without a close code."""
        stopping: asyncio.Event = self._socket.app.state.stopping
        try:
            # The greeting has the position before the first event, so that a client that gets none can resume, too.
            position = since or await self._context.fanout.tail()
            await self._send(greeting | {"timestamp": _now_ms(), "event_id": str(position)})
            parts = (
                self._send_events(position), self._forward(self._progress.take), self._forward(self._fleet.take),
                self._send_stats(), self._receive(), self._expire(), stopping.wait(),
            )  # fmt: skip
            ended = await first_to_end(parts)
            return await self._reason(ended, stopping.is_set())
        finally:
            self._context.progress.unsubscribe(self._progress)
            self._context.board.unsubscribe(self._fleet)

    async def _reason(self, ended: asyncio.Task[Any], stopping: bool) -> tuple[Close, str]:
        error = ended.exception()
        if stopping:
            await self._send({"type": "server_disconnect", "reason": "draining", "reconnect_after": 1000})
            return Close.GOING_AWAY, "the server is stopping"
        match error:
            case SlowReader() | Overflowed() | TimeoutError():
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

    async def _send_events(self, since: EventId) -> None:
        with self._context.frames.used():
            async for page in self._context.fanout.follow_pages(since=since, at_once=self._send_at_once):
                await self._send_page(page)

    async def _send_page(self, page: Sequence[Followed]) -> None:
        frames: list[Frame] = []
        for item in page:
            if isinstance(item, Event):
                if self._viewer.may_see(item.tenant):
                    frames += self._context.frames.ready(item) or await self._context.frames.of(item)
            elif item is RESET:
                await self._send_frames(frames)
                frames.clear()
                depth = await self._context.producer.depth()
                state = {"pending": depth.queued, "delayed": depth.delayed, "in_progress": depth.running}
                await self._send({"type": "reset", "timestamp": _now_ms(), "state": state})
        await self._send_frames(frames)

    def _send_at_once(self, events: Sequence[Event]) -> int:
        """Send what the client wants of events until something has to be waited for; return how many are dealt with."""
        ready: list[Sequence[bytes]] = []
        for event in events:
            frames = self._wanted_at_once(event)
            if frames is None:
                break
            ready.append(frames)
        for start in range(0, len(ready), AT_ONCE):
            data = b"".join(chain.from_iterable(ready[start : start + AT_ONCE]))
            if data and not self._write(data):
                return start
        return len(ready)

    def _wanted_at_once(self, event: Event) -> Sequence[bytes] | None:
        """Return what the client wants of an event; None if something has to be waited for."""
        if not self._viewer.may_see(event.tenant):
            return ()
        frames = self._context.frames.ready(event)
        if frames is None:
            return None
        admitted: list[bytes] = []
        for frame in frames:
            admits = self._viewer.admits_at_once(frame, self._subscription)
            if admits is None:
                return None
            if admits:
                admitted.append(frame.data)
        return admitted

    async def _forward(self, take: Callable[[], Awaitable[list[Frame]]]) -> None:
        while True:
            await self._send_frames(await take())

    async def _send_frames(self, frames: Sequence[Frame]) -> None:
        """Send those of the frames that the client may see and wants, many in one call."""
        admitted: list[bytes] = []
        for frame in frames:
            admits = self._viewer.admits_at_once(frame, self._subscription)
            if admits or (admits is None and await self._viewer.admits(frame, self._subscription)):
                admitted.append(frame.data)
        for start in range(0, len(admitted), AT_ONCE):
            await self._send_message({"type": "websocket.send", FRAMES: b"".join(admitted[start : start + AT_ONCE])})

    async def _send_stats(self) -> None:
        """Send `system_stats` at the interval that was asked for, or with the topic."""
        while True:
            wants_topic = self._subscription.wants_topic(Topic.SYSTEM_STATS) and self._holder.tenant is None
            every_s = self._commands.stats_every_s or (STATS_EVERY_S if wants_topic else None)
            if every_s is None:
                await self._asked.wait()
                self._asked.clear()
                continue
            await asyncio.sleep(every_s)
            await self._send(await self._context.state.stats())

    async def _receive(self) -> None:
        while True:
            frame = await self._socket.receive()
            if frame["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(frame.get("code", Close.NORMAL))
            text = frame.get("text")
            if text is None:
                raise _Unsupported
            answer = await self._answer(text)
            await (self._send_text(answer) if isinstance(answer, str) else self._send(answer))

    async def _answer(self, text: str) -> Message | str:
        """Return the response to a text frame. It repeats the frame's `id`."""
        request_id: RequestId = None
        try:
            message, request_id = read_message(text)
            answer = await self._commands.carry_out(message)
            self._asked.set()
        except InvalidMessage as error:
            return of_invalid(error)
        except MessageRefused as error:
            return error_message(error.code, error.sentence, request_id)
        except AppError as error:
            return of_app_error(error, request_id)
        except RedisUnavailable:
            return error_message("unavailable", "The queue does not answer; try again.", request_id)
        added: Message = {} if request_id is None else {"id": request_id}
        if isinstance(answer, str):
            return answer if request_id is None else f"{answer[:-1]},{to_text(added)[1:]}"
        return {"timestamp": _now_ms()} | answer | added

    async def _send(self, message: Message) -> None:
        await self._send_text(to_text(message))

    async def _send_text(self, text: str) -> None:
        await self._send_message({"type": "websocket.send", "text": text})

    async def _send_message(self, message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._socket.send(message)
        except RuntimeError as error:  # the server has closed the connection, and the disconnect is not received yet
            raise WebSocketDisconnect(Close.NO_CLOSE_FRAME) from error


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
