"""Uvicorn's HTTP/1.1 protocol with limits that httptools lacks: header size, time, connections.

Sizes are counted in the chunks that the transport delivers (at most 256 KiB), so one chunk more than a limit may be in
memory before the request is refused.
"""

import asyncio
from enum import Enum, auto
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from darkroom_chassis.http_limits import HttpLimits
from darkroom_chassis.http_refusal import refusal
from darkroom_chassis.metrics import HTTP_REFUSED
from darkroom_chassis.websocket_protocol import BoundedWebSocketProtocol, websocket_refusal

MAX_PIPELINED = 100
"""Requests on one connection that may wait for the response to an earlier one."""
LINGER_S = 2.0
"""After the response to an incomplete request, further input is read and dropped for this long. Closing at once would
reset the connection, and the client could lose the response."""
MAX_FRAMING = 8
"""Allowed bytes of chunked framing per byte of the body. A chunk of one byte needs six."""


class LimitedConfig(uvicorn.Config):
    """Uvicorn's configuration with these protocols and their limits."""

    def __init__(self, app: Any, limits: HttpLimits, **options: Any) -> None:  # Any: passed on to uvicorn
        self.limits = limits
        super().__init__(app, http=BoundedHttpProtocol, ws=BoundedWebSocketProtocol, **options)


class _Phase(Enum):
    HEAD = auto()
    BODY = auto()
    COMPLETE = auto()


class BoundedHttpProtocol(HttpToolsProtocol):
    """Enforces the limits: 431 header size, 408 time, 503 connections, 400 malformed or too many pipelined requests."""

    def __init__(
        self,
        config: LimitedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = config.limits
        self._phase = _Phase.HEAD
        self._head_bytes = 0  # complete request line and header fields, trailers included
        self._raw_bytes = 0  # all bytes of the request except the chunk in which it began
        self._body_bytes = 0
        self._events = 0  # beginnings and ends of requests, to detect whether a chunk contained any
        self._began_empty = True
        self._refused = False
        self.lingering = False
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._answers = _LingeringTransport(self, transport)
        excess = len(self.connections) - self._limits.connections
        if excess > self._limits.connections // 8 + 16:
            transport.abort()
        elif excess > 0:
            self._refuse(503, "The server has reached its limit of open connections.", "connections")
        else:
            self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_deadline()
        self._stop_stalled()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.lingering:
            return
        self._began_empty = False
        events = self._events
        super().data_received(data)
        if self._refused or self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if events == self._events:
            self._raw_bytes += len(data)
            self._check_sizes()
        if self._phase is not _Phase.COMPLETE or events == self._events:
            self._start_deadline()

    def handle_websocket_upgrade(self) -> None:
        self._stop_deadline()
        if (wrong := websocket_refusal(self.url, self.headers)) is not None:
            self._refuse(*wrong, "websocket")
            return
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg, "malformed")

    def on_message_begin(self) -> None:
        self._events += 1
        self._phase, self._head_bytes, self._raw_bytes, self._body_bytes = _Phase.HEAD, 0, 0, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self._fits(len(url)):
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._fits(len(name) + len(value) + 4) and self._phase is _Phase.HEAD:  # trailers are not used
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._phase = _Phase.BODY
        if self._refused:
            return
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refuse(400, f"At most {MAX_PIPELINED} requests of a connection may wait.", "pipelined")
            return
        cycle = self.cycle
        super().on_headers_complete()
        if self.cycle is not cycle:
            self.cycle.transport = self._answers  # type: ignore[assignment]  # has the methods that a response uses

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._events += 1
        self._phase, self._raw_bytes = _Phase.COMPLETE, 0
        self._stop_deadline()
        if not self._refused:
            super().on_message_complete()

    def pause_writing(self) -> None:
        if self._stalled is None:
            self._stalled = self.loop.call_later(self._limits.send_s, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        self._stop_stalled()
        super().resume_writing()

    def _fits(self, size: int) -> bool:
        self._head_bytes += size
        if self._head_bytes > self._limits.header_bytes:
            self._refuse_headers()
        return not self._refused

    def _check_sizes(self) -> None:
        if self._phase is _Phase.HEAD and self._raw_bytes > self._limits.header_bytes:
            self._refuse_headers()
        elif self._phase is _Phase.BODY:
            allowed = 2 * self._limits.header_bytes + MAX_FRAMING * self._body_bytes
            if self._raw_bytes > max(allowed, 1_000_000):
                self._refuse(400, "The body has too much chunked framing.", "framing")
        elif self._raw_bytes > self._limits.header_bytes:
            self._refuse(400, "The connection received bytes that belong to no request.", "malformed")

    def _refuse_headers(self) -> None:
        self._refuse(431, f"The request line and headers exceed {self._limits.header_bytes} bytes.", "headers")

    def _on_deadline(self) -> None:
        self._deadline = None
        if self._began_empty:
            self.transport.close()
        else:
            sentence = f"The request was not complete within {self._limits.request_s:g} s."
            self._refuse(408, sentence, "time")

    def _refuse(self, status: int, sentence: str, reason: str) -> None:
        """Respond without the application, then read and drop further input until the client closes."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        HTTP_REFUSED.labels(reason).inc()
        if not self._take_over_answer():
            self.transport.abort()
            return
        self.transport.write(refusal(status, sentence))
        self.linger()

    def linger(self) -> None:
        """Send the end of the response. Close when the client closes, or after `LINGER_S`."""
        self.lingering = True
        self._stop_deadline()
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.call_later(LINGER_S, self.transport.close)

    @property
    def request_is_complete(self) -> bool:
        """Whether the whole request has been received."""
        return self._phase is _Phase.COMPLETE

    def _take_over_answer(self) -> bool:
        """Take over the response to the incomplete request from the application; False if a response has begun."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return self._phase is not _Phase.COMPLETE or cycle is None
        if self._phase is not _Phase.BODY or cycle.response_started or self.pipeline:
            return False
        cycle.disconnected = True
        cycle.message_event.set()
        return True

    def _start_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._limits.request_s, self._on_deadline)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class _LingeringTransport:
    """The transport that responses write to. Closes gracefully if the request is incomplete.

    Drops writes after the end, for which uvloop would raise until the application notices.
    """

    def __init__(self, protocol: BoundedHttpProtocol, transport: asyncio.Transport) -> None:
        self._protocol, self._transport = protocol, transport
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if not self.is_closing() and not self._protocol.lingering:
            self._transport.write(data)

    def close(self) -> None:
        if self._protocol.request_is_complete or self.is_closing():
            self._transport.close()
        else:
            self._protocol.linger()
