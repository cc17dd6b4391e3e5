import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from darkroom_chassis import tracing
from darkroom_chassis.service import create_app
from darkroom_chassis.settings import ServiceSettings
from darkroom_chassis.tracing import NO_SPAN, SpanKind, configure_tracing, request_traceparent, start_span, use_provider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    provider, exporter = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    use_provider(provider)
    yield exporter
    use_provider(None)


@pytest.fixture
async def client() -> httpx.AsyncClient:
    app = create_app("t", "1")

    @app.get("/things/{name}")
    async def thing(name: str) -> dict[str, str | None]:
        if name == "broken":
            raise RuntimeError(name)
        return {"traceparent": request_traceparent()}

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://t")


def test_without_an_endpoint_nothing_of_the_sdk_is_imported() -> None:
    program = """
import sys
from darkroom_chassis.settings import ServiceSettings
from darkroom_chassis.tracing import NO_SPAN, SpanKind, configure_tracing, start_span
configure_tracing("s", "1", ServiceSettings(_env_file=None))
assert start_span("x", SpanKind.CLIENT, parent="00-" + "1" * 32 + "-" + "1" * 16 + "-01") is NO_SPAN
sys.exit(any(name.startswith("opentelemetry") for name in sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", program], env={}, check=False).returncode == 0


def test_an_endpoint_without_the_extra_stops_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    settings = ServiceSettings.model_validate({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"})
    with pytest.raises(SystemExit, match=r"darkroom-chassis\[otel\]"):
        configure_tracing("s", "1", settings)


async def test_a_request_continues_the_trace_of_its_caller(
    client: httpx.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    answer = await client.get("/things/a?secret=s", headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    [span] = exporter.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert (span.name, f"{span.parent.span_id:016x}") == ("GET /things/{name}", CALLER)
    assert answer.json()["traceparent"] == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert answer.headers["x-trace-id"] == TRACE
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.route": "/things/{name}",
        "http.response.status_code": 200,
    }


async def test_a_caller_who_does_not_sample_gets_no_spans(
    client: httpx.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    answer = await client.get("/things/a", headers={"traceparent": f"00-{TRACE}-{CALLER}-00"})
    assert answer.json()["traceparent"] is None
    assert answer.headers["x-trace-id"] == TRACE
    assert not exporter.get_finished_spans()


@pytest.mark.parametrize("header", ["", "nonsense", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{CALLER}-01-more"])
async def test_a_malformed_context_begins_a_new_trace(
    client: httpx.AsyncClient, exporter: InMemorySpanExporter, header: str
) -> None:
    await client.get("/things/a", headers={"traceparent": header})
    [span] = exporter.get_finished_spans()
    assert span.parent is None


async def test_a_failed_request_is_an_error_and_probes_are_not_traced(
    client: httpx.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    await client.get("/livez")
    await client.get("/things/broken")
    [span] = exporter.get_finished_spans()
    assert (span.name, span.status.status_code) == ("GET /things/{name}", StatusCode.ERROR)
    assert (span.attributes or {})["error.type"] == "500"


def test_there_is_no_span_without_a_parent(exporter: InMemorySpanExporter) -> None:
    assert start_span("send step", SpanKind.PRODUCER, parent=None) is NO_SPAN
    assert tracing.NO_SPAN.traceparent is None
