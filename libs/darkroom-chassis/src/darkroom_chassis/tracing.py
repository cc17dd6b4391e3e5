"""OpenTelemetry traces, sent by OTLP over HTTP. Off by default: nothing of OpenTelemetry is imported, no span is made.

The parent of a span is always passed as a W3C `traceparent`, because a trace crosses PostgreSQL and Redis. Attributes
never contain prompts, secrets, or paths and queries of URLs.
"""

import os
import time
from collections.abc import Mapping
from contextvars import ContextVar
from enum import IntEnum
from typing import TYPE_CHECKING

from darkroom_schemas.ids import TraceId
from darkroom_schemas.trace_context import read_traceparent

from darkroom_chassis.settings import ServiceSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as SdkSpan
    from opentelemetry.trace import Tracer

Attributes = Mapping[str, str | int | float | bool]
SCOPE = "darkroom"
_TRACES_PATH = "/v1/traces"


class SpanKind(IntEnum):
    """Kinds of spans, with the numbers of `opentelemetry.trace.SpanKind`."""

    INTERNAL = 0
    SERVER = 1
    CLIENT = 2
    PRODUCER = 3
    CONSUMER = 4


class Span:
    """A span in progress. Without `recorded` it stands for none, and all methods do nothing."""

    __slots__ = ("recorded",)

    def __init__(self, recorded: "SdkSpan | None") -> None:
        self.recorded = recorded

    @property
    def trace_id(self) -> TraceId | None:
        """Return the trace id; None without a span."""
        return TraceId(f"{self.recorded.get_span_context().trace_id:032x}") if self.recorded else None

    @property
    def traceparent(self) -> str | None:
        """Return the context for spans caused by this one; None unless it is sampled."""
        if self.recorded is None or not self.recorded.is_recording():
            return None
        context = self.recorded.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def set(self, name: str, value: str | int | float | bool) -> None:
        """Set an attribute."""
        if self.recorded:
            self.recorded.set_attribute(name, value)

    def rename(self, name: str) -> None:
        """Replace the name, once the route is known."""
        if self.recorded:
            self.recorded.update_name(name)

    def end(self, *, error: str | None = None, end_ns: int | None = None) -> None:
        """End the span, by default now. `error` is the type of a failure, such as `timeout` or `500`."""
        if self.recorded is None:
            return
        if error is not None:
            from opentelemetry.trace import StatusCode

            self.recorded.set_attribute("error.type", error)
            self.recorded.set_status(StatusCode.ERROR)
        self.recorded.end(end_ns)


NO_SPAN = Span(None)
_request: ContextVar[Span] = ContextVar("request_span", default=NO_SPAN)


class _Tracing:
    """The tracer of the process; None while tracing is off."""

    tracer: "Tracer | None" = None


def configure_tracing(service: str, version: str, settings: ServiceSettings) -> None:
    """Send the traces of this process if `OTEL_EXPORTER_OTLP_ENDPOINT` is set; exits without the extra `otel`.

    Sampling, headers, time limits and batches follow the variables of the OpenTelemetry specification
    (`OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_BSP_*`). What waits is sent when the process ends.
    """
    if settings.otel_exporter_otlp_endpoint is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        reason = f"OTEL_EXPORTER_OTLP_ENDPOINT is set, but {error.name} is not installed"
        raise SystemExit(f"{reason}: install darkroom-chassis[otel], or leave the variable out.") from None
    instance = f"{os.uname().nodename}:{os.getpid()}"
    about = {"service.name": service, "service.version": version, "service.instance.id": instance}
    provider = TracerProvider(resource=Resource.create(about))
    endpoint = str(settings.otel_exporter_otlp_endpoint).rstrip("/") + _TRACES_PATH
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    use_provider(provider, version)


def use_provider(provider: "TracerProvider | None", version: str = "") -> None:
    """Make all later spans with `provider`; with None, make none."""
    _Tracing.tracer = provider.get_tracer(SCOPE, version) if provider is not None else None


def start_span(
    name: str, kind: SpanKind, *, parent: str | None, attributes: Attributes | None = None, start_ns: int | None = None
) -> Span:
    """Start a span under `parent`, a traceparent. Returns `NO_SPAN` if tracing is off or there is no parent.

    `start_ns` is in Unix nanoseconds, by default now.
    """
    return _start(name, kind, parent, attributes, start_ns) if parent is not None else NO_SPAN


def start_request_span(name: str, attributes: Attributes, incoming: str | None) -> Span:
    """Start the span of a request. It continues the caller's trace, or begins one; the sampler decides about both."""
    span = _start(name, SpanKind.SERVER, read_traceparent(incoming), attributes, None)
    _request.set(span)
    return span


def request_traceparent() -> str | None:
    """Return the context of the current request's span; None unless it is sampled."""
    return _request.get().traceparent


def record_span(
    name: str, kind: SpanKind, *, parent: str | None, start_ns: int, end_ns: int, attributes: Attributes | None = None
) -> None:
    """Record a span that has ended; times are in Unix nanoseconds."""
    start_span(name, kind, parent=parent, attributes=attributes, start_ns=start_ns).end(end_ns=end_ns)


def now_ns() -> int:
    """Return the time in Unix nanoseconds."""
    return time.time_ns()


def _start(name: str, kind: SpanKind, parent: str | None, attributes: Attributes | None, start_ns: int | None) -> Span:
    if _Tracing.tracer is None:
        return NO_SPAN
    from opentelemetry import trace
    from opentelemetry.context import Context

    context = Context()
    if parent is not None:
        _, trace_id, span_id, flags = parent.split("-")
        remote = trace.SpanContext(int(trace_id, 16), int(span_id, 16), True, trace.TraceFlags(int(flags, 16)))
        context = trace.set_span_in_context(trace.NonRecordingSpan(remote), context)
    return Span(
        _Tracing.tracer.start_span(
            name, context=context, kind=trace.SpanKind(kind), attributes=attributes, start_time=start_ns
        )
    )
