"""Middleware of every request: trace id, body limit, access log line, metric, and a 500 without internal details."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress

import structlog
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import TraceId, new_trace_id
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from darkroom_chassis.errors import AppError, render
from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import HTTP_SECONDS
from darkroom_chassis.tracing import NO_SPAN, Span, start_request_span

log = get_logger(__name__)
ANSWER_HEADERS = "answer_headers"
"""Name in `request.state` of a list of header fields that are added to any response."""
INTERNAL_ERROR = 1011
"""Close code of RFC 6455."""
QUIET_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
HTTP_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestContext:
    """The outermost ASGI middleware. A body over its limit gets 413, by its Content-Length or while it is received.

    `body_limits` maps paths to their limit in bytes; other paths have `max_body_bytes`. Once `stopping` is set,
    responses close their connection: a client that kept it open could send a request just as the server closes it.
    """

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int, body_limits: Mapping[str, int], stopping: asyncio.Event
    ) -> None:
        self._app, self._max_body_bytes, self._body_limits = app, max_body_bytes, body_limits
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        incoming = _header(scope, b"traceparent")
        traced = scope["type"] == "http" and scope["path"] not in QUIET_PATHS
        span = _request_span(scope, incoming) if traced else NO_SPAN
        trace_id = span.trace_id or _trace_id_of(incoming)
        with structlog.contextvars.bound_contextvars(trace_id=trace_id):
            if scope["type"] == "http":
                await self._serve(scope, receive, send, trace_id, span)
            else:
                await self._serve_socket(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, trace_id: TraceId, span: Span) -> None:
        started, status, received = time.perf_counter(), 0, 0
        limit = self._body_limits.get(scope["path"], self._max_body_bytes)
        answer_headers: list[tuple[bytes, bytes]] = []
        scope.setdefault("state", {})[ANSWER_HEADERS] = answer_headers

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                # Not an AppError: FastAPI turns any exception of the body's reader except HTTPException into a 400.
                raise HTTPException(413, _too_large(limit))
            return message

        async def traced_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-trace-id", trace_id.encode()), *answer_headers]
                if self._stopping.is_set():
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            if _announced_bytes(scope) > limit:
                too_large = AppError(413, ErrorCode.PAYLOAD_TOO_LARGE, _too_large(limit))
                await render(too_large, scope["path"])(scope, receive, traced_send)
            else:
                await self._app(scope, limited_receive, traced_send)
        except Exception:
            log.exception("A request failed unexpectedly", method=scope["method"], path=scope["path"])
            if status:
                raise  # the response has begun: closing the connection is the only way to signal the failure
            sentence = "Something went wrong on our side."
            error = AppError(500, ErrorCode.INTERNAL, sentence, retryable=True)
            await render(error, scope["path"])(scope, receive, traced_send)
        finally:
            elapsed = time.perf_counter() - started
            _record(scope, status, elapsed)
            _end_request_span(span, scope, status)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close a socket whose handler fails: uvicorn would drop the connection without a close frame."""
        try:
            await self._app(scope, receive, send)
        except WebSocketDisconnect:
            return
        except Exception:
            log.exception("A WebSocket failed unexpectedly", path=scope["path"])
            with suppress(RuntimeError, OSError):  # closed by now
                await send({"type": "websocket.close", "code": INTERNAL_ERROR, "reason": "internal error"})


def _too_large(limit: int) -> str:
    return f"The body is larger than {limit} bytes."


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)


def _announced_bytes(scope: Scope) -> int:
    value = _header(scope, b"content-length") or "0"
    return int(value) if value.isascii() and value.isdigit() else 0


def _request_span(scope: Scope, incoming: str | None) -> Span:
    """Start the span of a request, without its path and query: they may contain names and signatures."""
    method = scope["method"] if scope["method"] in HTTP_METHODS else "_OTHER"
    attributes = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
    return start_request_span(method if method != "_OTHER" else "HTTP", attributes, incoming)


def _end_request_span(span: Span, scope: Scope, status: int) -> None:
    if route := getattr(scope.get("route"), "path", None):
        span.set("http.route", route)
        span.rename(f"{scope['method']} {route}")
    if status:
        span.set("http.response.status_code", status)
    span.end(error=str(status) if status >= 500 else None)


def _record(scope: Scope, status: int, elapsed_s: float) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    HTTP_SECONDS.labels(scope["method"], route, str(status)).observe(elapsed_s)
    if scope["path"] not in QUIET_PATHS:
        write = log.info if status >= 500 else log.debug
        elapsed_ms = round(elapsed_s * 1e3, 2)
        write("Request served", method=scope["method"], route=route, status=status, elapsed_ms=elapsed_ms)


def _trace_id_of(incoming: str | None) -> TraceId:
    """Return the trace id of the caller's W3C trace context if it is well formed, else a new one."""
    parts = (incoming or "").split("-")
    if len(parts) == 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef") and int(parts[1], 16):
        return TraceId(parts[1])
    return new_trace_id()


def current_trace_id() -> TraceId:
    """Return the trace id of the current request, or a new one outside a request."""
    bound = structlog.contextvars.get_contextvars().get("trace_id")
    return TraceId(bound) if bound else new_trace_id()
