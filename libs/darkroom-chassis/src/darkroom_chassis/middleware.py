"""What surrounds every request: trace id, body limit, one access line, one metric, and a 500 that tells nothing."""

import re
import time

import structlog
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import TraceId, new_trace_id
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from darkroom_chassis.errors import AppError, render
from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import HTTP_SECONDS

log = get_logger(__name__)
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
ANSWER_HEADERS = "answer_headers"
"""Name in `request.state` of a list of header fields that go out with whatever is answered."""
QUIET_PATHS = frozenset({"/livez", "/readyz", "/metrics"})


class RequestContext:
    """ASGI middleware, outermost. Bodies over `max_body_bytes` are refused with 413 while they arrive."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app, self._max_body_bytes = app, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        trace_id = _trace_id_of(scope)
        with structlog.contextvars.bound_contextvars(trace_id=trace_id):
            if scope["type"] == "http":
                await self._serve(scope, receive, send, trace_id)
            else:
                await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, trace_id: TraceId) -> None:
        started, status, received = time.perf_counter(), 0, 0
        answer_headers: list[tuple[bytes, bytes]] = []
        scope.setdefault("state", {})[ANSWER_HEADERS] = answer_headers

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_body_bytes:
                # Not an AppError: FastAPI turns any other exception of the body's reader into a 400.
                raise HTTPException(413, f"The body is larger than {self._max_body_bytes} bytes.")
            return message

        async def traced_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-trace-id", trace_id.encode()), *answer_headers]
            await send(message)

        try:
            await self._app(scope, limited_receive, traced_send)
        except Exception:
            log.exception("A request failed unexpectedly", method=scope["method"], path=scope["path"])
            if status:
                raise  # the answer has begun: only a closed connection can tell the client now
            sentence = "Something went wrong on our side."
            error = AppError(500, ErrorCode.INTERNAL, sentence, retryable=True)
            await render(error, scope["path"])(scope, receive, traced_send)
        finally:
            elapsed = time.perf_counter() - started
            _record(scope, status, elapsed)


def _record(scope: Scope, status: int, elapsed_s: float) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    HTTP_SECONDS.labels(scope["method"], route, str(status)).observe(elapsed_s)
    if scope["path"] not in QUIET_PATHS:
        log.info(
            "Request served", method=scope["method"], route=route, status=status, elapsed_ms=round(elapsed_s * 1e3, 2)
        )


def _trace_id_of(scope: Scope) -> TraceId:
    """Continue the caller's W3C trace context if it is well formed, else begin a trace."""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            parts = value.decode("latin-1").split("-")
            if (
                len(parts) == 4
                and len(parts[1]) == 32
                and set(parts[1]) <= set("0123456789abcdef")
                and int(parts[1], 16)
            ):
                return TraceId(parts[1])
    return new_trace_id()


def current_trace_id() -> TraceId:
    """Return the trace id of the request being served, or a new one outside of any."""
    bound = structlog.contextvars.get_contextvars().get("trace_id")
    return TraceId(bound) if bound else new_trace_id()
