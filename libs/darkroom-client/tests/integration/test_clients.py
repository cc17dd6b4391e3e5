"""The sync and the async client against a service on a real port: both pass the same suite."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from darkroom_client import AsyncClient, Client, InvalidRequest, JobState, NotAuthorised, NotFound, NotReachable
from darkroom_client.errors import ServiceError
from support.scripted_service import Answer, ScriptedService, scripted_service

JOB = {
    "data": {"id": "j1", "status": "completed", "progress": 100.0, "error_message": None},
    "error": None, "id": "j1", "status": "completed", "job_type": "sdxl_image_fast",
    "created_at": "2026-01-02T03:04:05Z",
    "metadata": {"prompt": "a lighthouse", "all_assets": ["/a/1.png", "/a/2.png"], "primary_asset": "/a/1.png"},
}  # fmt: skip


class Sync:
    """Calls the sync client."""

    def __init__(self, url: str, token: str) -> None:
        self.pauses: list[float] = []
        self._open = lambda: Client(url, token, sleep=self.pauses.append)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with self._open() as client:
                answer = getattr(client, name)(*arguments, **options)
                return list(answer) if name == "follow" else answer

        return call


class Async(Sync):
    """Calls the async client, in a loop of its own for each call."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token)

        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        self._open_async = lambda: AsyncClient(url, token, sleep=sleep)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def run(*arguments: Any, **options: Any) -> Any:
            async with self._open_async() as client:
                answer = getattr(client, name)(*arguments, **options)
                return [event async for event in answer] if name == "follow" else await answer

        return lambda *arguments, **options: asyncio.run(run(*arguments, **options))


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with scripted_service() as running:
        yield running


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def client(request: pytest.FixtureRequest, service: ScriptedService) -> Any:
    return request.param(service.url, "secret")


def update(status: str, event_id: str = "", **data: Any) -> str:
    head = f"id: {event_id}\n" if event_id else ""
    return f"event: job_update\n{head}data: {json.dumps({'id': 'j1', 'status': status, **data})}"


def test_a_submission_carries_the_token_and_an_idempotency_key(client: Any, service: ScriptedService) -> None:
    service.on("/api/queue-job", Answer.json({"success": True, "job": {"id": "j1"}}))
    assert client.submit("sdxl_image_fast", "a lighthouse", seed=7) == "j1"
    asked = service.asked[0]
    assert json.loads(asked.body) == {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a lighthouse", "seed": 7}}
    assert asked.headers["authorization"] == "Bearer secret"
    assert asked.headers["idempotency-key"]


def test_two_submissions_have_different_idempotency_keys(client: Any, service: ScriptedService) -> None:
    service.on("/api/queue-job", Answer.json({"success": True, "job": {"id": "j1"}}))
    client.submit("video_fast", "waves")
    client.submit("video_fast", "waves")
    first, second = (asked.headers["idempotency-key"] for asked in service.asked)
    assert first != second


def test_a_submission_whose_answer_was_cut_is_repeated_with_the_same_key(client: Any, service: ScriptedService) -> None:
    accepted = {"success": True, "job": {"id": "j1"}}
    service.on("/api/queue-job", replace(Answer.json(accepted), cut=True), Answer.json(accepted))
    assert client.submit("video_fast", "waves") == "j1"
    first, second = (asked.headers["idempotency-key"] for asked in service.asked)
    assert first == second


def test_a_job_is_read_with_its_assets(client: Any, service: ScriptedService) -> None:
    service.on("/api/jobs/j1", Answer.json(JOB))
    job = client.job("j1")
    assert (job.status, job.progress, job.prompt) == (JobState.COMPLETED, 100.0, "a lighthouse")
    assert job.assets == ("/a/1.png", "/a/2.png")


def test_events_come_until_the_job_has_ended(client: Any, service: ScriptedService) -> None:
    frames = ["event: history_init\ndata: []", update("processing", "0-1-5-0", progress=50), ": heartbeat"]
    service.on("/api/jobs/j1/stream", Answer.events(*frames, update("completed", "0-1-6-0", progress=100)))
    events = client.follow("j1")
    assert [event.name for event in events] == ["history_init", "job_update", "job_update"]
    assert [event.progress for event in events] == [None, 50, 100]
    assert events[-1].state is JobState.COMPLETED


def test_a_reset_after_a_gap_tells_the_state_of_the_job(client: Any, service: ScriptedService) -> None:
    reset = 'event: reset\nid: 0-2-1-0\ndata: {"id": "j1", "status": "completed", "progress": 100, "history": []}'
    service.on("/api/jobs/j1/stream", Answer.events(reset))
    (event,) = client.follow("j1", last_event_id="0-1-1-0")
    assert (event.state, event.progress) == (JobState.COMPLETED, 100)


def test_the_history_comes_at_first_as_a_whole_and_then_line_by_line(client: Any, service: ScriptedService) -> None:
    lines = [{"seq": seq, "event": "any", "message": f"line {seq}"} for seq in (1, 2, 3)]
    first, last = (
        f"event: history_init\ndata: {json.dumps(lines[:2])}",
        f"event: job_history\ndata: {json.dumps(lines[2])}",
    )
    service.on("/api/jobs/j1/stream", Answer.events(first, last, update("failed", "0-1-6-0")))
    told = [[line.message for line in event.history] for event in client.follow("j1")]
    assert told == [["line 1", "line 2"], ["line 3"], []]


def test_a_cut_stream_is_resumed_after_the_last_event(client: Any, service: ScriptedService) -> None:
    first = Answer.events(update("processing", "0-1-5-0"), update("processing", progress=60), cut=True)
    service.on("/api/jobs/j1/stream", first, Answer.events(update("completed", "0-1-9-0")))
    assert [event.last_event_id for event in client.follow("j1")] == ["0-1-5-0", "0-1-5-0", "0-1-9-0"]
    assert [asked.headers.get("last-event-id") for asked in service.asked] == [None, "0-1-5-0"]
    assert len(client.pauses) == 1


def test_a_stream_that_the_service_closes_in_the_middle_is_resumed(client: Any, service: ScriptedService) -> None:
    service.on(
        "/api/jobs/j1/stream",
        Answer.events(update("processing", "0-1-5-0")),
        Answer.json({"error": "starting"}, status=503),
        Answer.events(update("failed", "0-1-9-0")),
    )
    assert client.follow("j1")[-1].state is JobState.FAILED


def test_a_stream_whose_end_was_seen_is_over_at_once(client: Any, service: ScriptedService) -> None:
    service.on("/api/jobs/j1/stream", Answer(204))
    assert client.follow("j1", last_event_id="0-1-9-0") == []
    assert service.asked[0].headers["last-event-id"] == "0-1-9-0"


def test_a_stream_that_never_comes_back_ends_in_an_error(client: Any, service: ScriptedService) -> None:
    service.on("/api/jobs/j1/stream", Answer.events(cut=True))
    with pytest.raises(NotReachable, match="j1"):
        client.follow("j1")
    assert client.pauses == sorted(client.pauses)
    assert client.pauses[-1] == 5.0


def test_a_stream_of_somebody_elses_job_is_not_retried(client: Any, service: ScriptedService) -> None:
    service.on("/api/jobs/j1/stream", Answer.json({"error": "No such job."}, status=404))
    with pytest.raises(NotFound, match="No such job"):
        client.follow("j1")
    assert len(service.asked) == 1


def test_a_download_appears_complete_or_not_at_all(client: Any, service: ScriptedService, tmp_path: Path) -> None:
    service.on("/a/1.png", Answer(200, b"pixels", "image/png", cut=True), Answer(200, b"pixels", "image/png"))
    with pytest.raises(NotReachable):
        client.download("/a/1.png", tmp_path / "1.png")
    assert not (tmp_path / "1.png").exists()
    client.download("/a/1.png", tmp_path / "1.png")
    assert (tmp_path / "1.png").read_bytes() == b"pixels"


def test_the_token_is_not_sent_to_another_host(client: Any, service: ScriptedService, tmp_path: Path) -> None:
    with scripted_service() as store:
        store.on("/bucket/1.png", Answer(200, b"pixels", "image/png"))
        client.download(f"{store.url}/bucket/1.png", tmp_path / "1.png")
        assert "authorization" not in store.asked[0].headers


def test_a_refused_request_names_the_fields(client: Any, service: ScriptedService) -> None:
    errors = [{"field": "metadata.prompt", "message": "is too long"}]
    body = {"error": "The request is not valid.", "code": "invalid_request", "errors": errors}
    service.on("/api/queue-job", Answer.json(body, status=400))
    with pytest.raises(InvalidRequest) as refused:
        client.submit("sdxl_image_fast", "x" * 3000)
    assert refused.value.fields == {"metadata.prompt": "is too long"}
    assert refused.value.code == "invalid_request"


@pytest.mark.parametrize(
    ("status", "error"), [(401, NotAuthorised), (403, NotAuthorised), (429, ServiceError), (503, ServiceError)]
)
def test_an_error_status_becomes_its_error(
    client: Any, service: ScriptedService, status: int, error: type[Exception]
) -> None:
    service.on("/api/jobs/j1", Answer(status, b"not json"))
    with pytest.raises(error, match=f"HTTP {status}"):
        client.job("j1")


def test_a_service_that_is_not_there_is_not_reachable() -> None:
    with scripted_service() as gone:
        url = gone.url
    for client in (Sync(url, "secret"), Async(url, "secret")):
        with pytest.raises(NotReachable):
            client.job("j1")
