"""Uvicorn's WebSocket protocol with a response to every handshake and close code 4000 for a missed heartbeat.

It also sends frames that are complete already, so that many connections can share them.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS

from darkroom_chassis.http_refusal import refusal

if TYPE_CHECKING:
    from darkroom_chassis.http_protocol import LimitedConfig

FRAMES = "darkroom.frames"
"""Member of a `websocket.send` message instead of `text`: complete frames (RFC 6455, 5.2) as bytes, sent at once."""
WRITE = "darkroom.write"
"""Member of the scope's extensions: sends complete frames without waiting, and returns whether it could."""
Write = Callable[[bytes], bool]
INVALID_TEXT = 1007
HEARTBEAT_TIMEOUT = 4000
_METHOD_AND_VERSION = len(b"GET  HTTP/1.1\r\n")


def websocket_refusal(url: bytes, headers: Sequence[tuple[bytes, bytes]]) -> tuple[int, str] | None:
    """Return status and sentence for a handshake that exceeds the limits of the WebSocket parser, else None."""
    if len(url) + _METHOD_AND_VERSION > MAX_LINE_LENGTH:
        return 414, f"The request line of a WebSocket handshake has at most {MAX_LINE_LENGTH} bytes."
    if not url.isascii():
        return 400, "The URL must be ASCII; percent-encode other characters."
    if any(len(name) + len(value) + 4 > MAX_LINE_LENGTH for name, value in headers):
        return 431, f"A header of a WebSocket handshake has at most {MAX_LINE_LENGTH} bytes."
    if len(headers) > MAX_NUM_HEADERS:
        return 431, f"A WebSocket handshake has at most {MAX_NUM_HEADERS} headers."
    return None


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Responds with 400 to a malformed handshake and closes with 4000 when a ping is not answered.

    While a client does not read, its input is not read either: the pongs for its pings would fill the memory.
    """

    def __init__(self, config: "LimitedConfig", *args: Any, **options: Any) -> None:  # Any: uvicorn's own arguments
        super().__init__(config, *args, **options)
        self._send_s = config.limits.send_s
        self._stalled: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_stalled()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self._send_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_stalled()
        if not self.read_paused:
            self.transport.resume_reading()

    async def send(self, message: ASGISendEvent) -> None:
        frames = message.get(FRAMES)
        if not isinstance(frames, bytes):
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected:
            raise ClientDisconnected
        if not self.handshake_complete or self.close_sent:
            raise RuntimeError("frames can be sent only while the WebSocket is open")
        self.transport.write(frames)

    def write(self, frames: bytes) -> bool:
        """Send complete frames if the connection is open and its client reads; return whether they were sent."""
        is_open = self.handshake_complete and not (self.close_sent or self.disconnected or self.transport.is_closing())
        if not is_open or not self.writable.is_set():
            return False
        self.transport.write(frames)
        return True

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"] or {}
        extensions[WRITE] = self.write
        await super().run_asgi()

    async def receive(self) -> ASGIReceiveEvent:
        message = await super().receive()
        if not self.writable.is_set():
            self.transport.pause_reading()
        return message

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated and not self.close_sent:
            self.close_sent = self.handshake_complete = True
            self.transport.write(refusal(400, "The WebSocket handshake is malformed."))
            self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """Close with 1007 on text that is not UTF-8. Uvicorn does so, too, but logs a traceback."""
        try:
            _ = self.curr_msg_data_type == "text" and b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self.frames = []
            self.conn.send_close(INVALID_TEXT)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def keepalive_timeout(self) -> None:
        self.pong_timer = None
        self.pending_ping_payload = None
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(HEARTBEAT_TIMEOUT, "no answer to a ping")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
