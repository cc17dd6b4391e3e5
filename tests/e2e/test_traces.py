"""One trace of a job through all services, sent to a collector by OTLP over HTTP."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from darkroom_local.background import stack_process
from darkroom_local.servers.blocking import running
from darkroom_local.state import RunningStack, StateDir
from support.otlp import PATH, ReceivedSpan, received_spans
from support.scripted_service import Answer, ScriptedService, scripted_service
from support.stack import OWN_SERVERS
from support.waiting import until

pytestmark = pytest.mark.e2e
PROMPT = "a lighthouse that no span may name"
TRACED, UNSAMPLED, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7"
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
"""Numbers of OTLP, which are one more than those of the API."""


@pytest.fixture
def collector() -> Iterator[ScriptedService]:
    with scripted_service() as collector:
        collector.on(PATH, Answer(200, b"", "application/x-protobuf"))
        yield collector


@pytest.fixture
def traced_stack(collector: ScriptedService, tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[RunningStack]:
    state = StateDir(tmp_path)
    env = {name: value for name, value in os.environ.items() if name not in OWN_SERVERS} | {
        "XDG_STATE_HOME": str(tmp_path / "notes"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "GPU_WORKER_MODELS": "sdxl-base-1.0",
    }
    env.setdefault("GPU_WORKER_MODELS_DIR", str(Path(pytestconfig.rootpath, ".pytest_cache", "darkroom-models")))
    with running(stack_process(state, ["--free-ports", "--profile", "tiny"], env), state.log_file):
        yield state.running()


async def test_a_job_is_one_trace_from_its_request_to_its_webhook(
    traced_stack: RunningStack, collector: ScriptedService
) -> None:
    with scripted_service() as receiver:
        receiver.on("/hook", Answer(200, b"{}"))
        headers = {"X-API-Key": traced_stack.api_key}
        async with (
            httpx.AsyncClient(base_url=traced_stack.dispatcher_url, headers=headers) as dispatcher,
            httpx.AsyncClient(base_url=traced_stack.platform_url, headers=headers) as platform,
        ):
            registration = {"url": f"{receiver.url}/hook", "events": ["job.completed"]}
            (await dispatcher.post("/api/webhooks", json=registration)).raise_for_status()
            for number, (trace, flags) in enumerate(((UNSAMPLED, "00"), (TRACED, "01")), start=1):
                order = {"jobType": "sdxl_image_fast", "metadata": {"prompt": f"{PROMPT} {number}"}}
                context = {"traceparent": f"00-{trace}-{CALLER}-{flags}"}
                answer = (await platform.post("/api/queue-job", json=order, headers=context)).raise_for_status()
                assert answer.headers["x-trace-id"] == trace

                async def delivered(wanted: int = number) -> bool:
                    return len(receiver.asked) >= wanted

                await until(delivered, timeout_s=60)
        unsampled, hook = receiver.asked

    async def all_are_recorded() -> bool:  # each process sends its spans when it has several
        names = {span.name for span in received_spans(collector) if span.trace_id == TRACED}
        return names >= {"POST", "process step", "process step.completed", "send job.completed"}

    await until(all_are_recorded, timeout_s=30)
    spans = [span for span in received_spans(collector) if span.trace_id == TRACED]

    def only(service: str, name: str, parent: ReceivedSpan | None) -> ReceivedSpan:
        [found] = [span for span in spans if (span.service, span.name) == (service, name)]
        assert found.parent_id == (parent.span_id if parent else CALLER)
        assert found.start_ns <= found.end_ns
        return found

    request = only("platform-api", "POST /api/queue-job", None)
    sent = only("platform-loops", "send step", request)
    attempt = only("gpu-worker", "process step", sent)
    stages = [only("gpu-worker", name, attempt) for name in ("load", "denoise", "decode", "store", "upload")]
    applied = only("platform-loops", "process step.completed", attempt)
    emitted = only("platform-loops", "send job.completed", request)
    delivery = only("webhook-dispatcher", "POST", emitted)

    kinds = [span.kind for span in (request, sent, attempt, applied, emitted, delivery)]
    assert kinds == [SERVER, PRODUCER, CONSUMER, CONSUMER, PRODUCER, CLIENT]
    assert all(attempt.start_ns <= stage.start_ns <= stage.end_ns <= attempt.end_ns for stage in stages)
    assert request.attributes["http.route"] == "/api/queue-job"
    assert hook.headers["traceparent"] == f"00-{TRACED}-{delivery.span_id}-01"
    assert "traceparent" not in unsampled.headers
    assert not [span for span in received_spans(collector) if span.trace_id == UNSAMPLED]
    assert not any(PROMPT.encode() in asked.body for asked in collector.asked)
