"""Reads the spans that processes sent to a scripted service by OTLP over HTTP."""

from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from support.scripted_service import ScriptedService

PATH = "/v1/traces"


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as it arrived. Ids are in lower-case hexadecimal; `kind` is the number of OTLP."""

    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int
    failed: bool
    attributes: dict[str, Any] = field(default_factory=dict)


def received_spans(collector: ScriptedService) -> list[ReceivedSpan]:
    """Decode all spans that the collector has received so far."""
    spans = []
    for asked in list(collector.asked):
        assert (asked.path, asked.headers.get("content-type")) == (PATH, "application/x-protobuf")
        request = ExportTraceServiceRequest.FromString(asked.body)
        for group in request.resource_spans:
            service = _values(group.resource.attributes)["service.name"]
            for scope in group.scope_spans:
                spans += [
                    ReceivedSpan(
                        service, span.name, span.kind, span.trace_id.hex(), span.span_id.hex(),
                        span.parent_span_id.hex(), span.start_time_unix_nano, span.end_time_unix_nano,
                        span.status.code == span.status.STATUS_CODE_ERROR, _values(span.attributes),
                    )
                    for span in scope.spans
                ]  # fmt: skip
    return spans


def _values(attributes: Any) -> dict[str, Any]:  # Any: protobuf's repeated container
    def value(one: KeyValue) -> Any:
        return getattr(one.value, one.value.WhichOneof("value") or "string_value")

    return {one.key: value(one) for one in attributes}
