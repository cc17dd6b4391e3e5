"""The sync and the async client against a service on a real port: both pass the same suite."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from darkroom_client import InvalidRequest, JobFailed, JobState, NotAuthorised, NotEnoughCredits, NotFound, NotReachable
from darkroom_client.errors import ServiceError
from support.either_client import Connect, EitherClient
from support.scripted_service import Answer, ScriptedService, scripted_service

JOB = {
    "data": {"id": "j1", "status": "completed", "progress": 100.0, "error_message": None},
    "error": None, "id": "j1", "status": "completed", "job_type": "sdxl_image_fast",
    "created_at": "2026-01-02T03:04:05Z",
    "metadata": {"prompt": "a lighthouse", "all_assets": ["/a/1.png", "/a/2.png"], "primary_asset": "/a/1.png"},
}  # fmt: skip
ACCEPTED = {"success": True, "job": {"id": "j1"}}


def update(status: str, event_id: str = "", **data: Any) -> str:
    head = f"id: {event_id}\n" if event_id else ""
    return f"event: job_update\n{head}data: {json.dumps({'id': 'j1', 'status': status, **data})}"


def test_a_submission_carries_the_token_and_an_idempotency_key(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/queue-job", Answer.json({"success": True, "job": {"id": "j1"}}))
    assert api(api.client.submit("sdxl_image_fast", "a lighthouse", seed=7)).id == "j1"
    asked = service.asked[0]
    assert json.loads(asked.body) == {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a lighthouse", "seed": 7}}
    assert asked.headers["authorization"] == "Bearer secret"
    assert asked.headers["idempotency-key"]


def test_two_submissions_have_different_idempotency_keys(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/queue-job", Answer.json({"success": True, "job": {"id": "j1"}}))
    api(api.client.submit("video_fast", "waves"))
    api(api.client.submit("video_fast", "waves"))
    first, second = (asked.headers["idempotency-key"] for asked in service.asked)
    assert first != second


def test_a_submission_whose_answer_was_cut_is_repeated_with_the_same_key(
    api: EitherClient, service: ScriptedService
) -> None:
    accepted = {"success": True, "job": {"id": "j1"}}
    service.on("/api/queue-job", replace(Answer.json(accepted), cut=True), Answer.json(accepted))
    assert api(api.client.submit("video_fast", "waves")).id == "j1"
    first, second = (asked.headers["idempotency-key"] for asked in service.asked)
    assert first == second


def test_a_job_is_read_with_its_assets(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs/j1", Answer.json(JOB))
    job = api(api.client.jobs.get("j1"))
    assert (job.status, job.progress, job.prompt) == (JobState.COMPLETED, 100.0, "a lighthouse")
    assert job.assets == ("/a/1.png", "/a/2.png")


def test_events_come_until_the_job_has_ended(api: EitherClient, service: ScriptedService) -> None:
    frames = ["event: history_init\ndata: []", update("processing", "0-1-5-0", progress=50), ": heartbeat"]
    service.on("/api/jobs/j1/stream", Answer.events(*frames, update("completed", "0-1-6-0", progress=100)))
    events = api(api.client.jobs.stream("j1"))
    assert [event.name for event in events] == ["history_init", "job_update", "job_update"]
    assert [event.progress for event in events] == [None, 50, 100]
    assert events[-1].state is JobState.COMPLETED


def test_a_reset_after_a_gap_reports_the_state_of_the_job(api: EitherClient, service: ScriptedService) -> None:
    reset = 'event: reset\nid: 0-2-1-0\ndata: {"id": "j1", "status": "completed", "progress": 100, "history": []}'
    service.on("/api/jobs/j1/stream", Answer.events(reset))
    (event,) = api(api.client.jobs.stream("j1", last_event_id="0-1-1-0"))
    assert (event.state, event.progress) == (JobState.COMPLETED, 100)


def test_the_history_comes_at_first_as_a_whole_and_then_line_by_line(
    api: EitherClient, service: ScriptedService
) -> None:
    lines = [{"seq": seq, "event": "any", "message": f"line {seq}"} for seq in (1, 2, 3)]
    first, last = (
        f"event: history_init\ndata: {json.dumps(lines[:2])}",
        f"event: job_history\ndata: {json.dumps(lines[2])}",
    )
    service.on("/api/jobs/j1/stream", Answer.events(first, last, update("failed", "0-1-6-0")))
    received = [[line.message for line in event.history] for event in api(api.client.jobs.stream("j1"))]
    assert received == [["line 1", "line 2"], ["line 3"], []]


def test_a_cut_stream_is_resumed_after_the_last_event(api: EitherClient, service: ScriptedService) -> None:
    first = Answer.events(update("processing", "0-1-5-0"), update("processing", progress=60), cut=True)
    service.on("/api/jobs/j1/stream", first, Answer.events(update("completed", "0-1-9-0")))
    assert [event.last_event_id for event in api(api.client.jobs.stream("j1"))] == ["0-1-5-0", "0-1-5-0", "0-1-9-0"]
    assert [asked.headers.get("last-event-id") for asked in service.asked] == [None, "0-1-5-0"]
    assert len(api.pauses) == 1


def test_a_stream_that_the_service_closes_in_the_middle_is_resumed(api: EitherClient, service: ScriptedService) -> None:
    service.on(
        "/api/jobs/j1/stream",
        Answer.events(update("processing", "0-1-5-0")),
        Answer.json({"error": "starting"}, status=503),
        Answer.events(update("failed", "0-1-9-0")),
    )
    assert api(api.client.jobs.stream("j1"))[-1].state is JobState.FAILED


def test_a_stream_whose_end_was_seen_is_over_at_once(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs/j1/stream", Answer(204))
    assert api(api.client.jobs.stream("j1", last_event_id="0-1-9-0")) == []
    assert service.asked[0].headers["last-event-id"] == "0-1-9-0"


def test_a_stream_that_never_comes_back_ends_in_an_error(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs/j1/stream", Answer.events(cut=True))
    with pytest.raises(NotReachable, match="j1"):
        api(api.client.jobs.stream("j1"))
    assert api.pauses == sorted(api.pauses)
    assert api.pauses[-1] == 5.0


def test_a_stream_of_somebody_elses_job_is_not_retried(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs/j1/stream", Answer.json({"error": "No such job."}, status=404))
    with pytest.raises(NotFound, match="No such job"):
        api(api.client.jobs.stream("j1"))
    assert len(service.asked) == 1


def test_a_download_appears_complete_or_not_at_all(api: EitherClient, service: ScriptedService, tmp_path: Path) -> None:
    service.on("/a/1.png", Answer(200, b"pixels", "image/png", cut=True))
    with pytest.raises(NotReachable):
        api(api.client.download("/a/1.png", tmp_path / "1.png"))
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_was_cut_begins_again(api: EitherClient, service: ScriptedService, tmp_path: Path) -> None:
    service.on("/a/1.png", Answer(200, b"pixels", "image/png", cut=True), Answer(200, b"pixels", "image/png"))
    api(api.client.download("/a/1.png", tmp_path / "1.png"))
    assert (tmp_path / "1.png").read_bytes() == b"pixels"


def test_the_token_is_not_sent_to_another_host(api: EitherClient, service: ScriptedService, tmp_path: Path) -> None:
    with scripted_service() as store:
        store.on("/bucket/1.png", Answer(200, b"pixels", "image/png"))
        api(api.client.download(f"{store.url}/bucket/1.png", tmp_path / "1.png"))
        assert "authorization" not in store.asked[0].headers


def test_all_that_a_submission_may_say_is_sent(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/queue-job", Answer.json(ACCEPTED))
    api(
        api.client.submit(
            "sdxl_image_fast", "a lighthouse", negative_prompt="fog", seed=0, bucket="b", project_id="p",
            video_id="v", image_id="i", metadata={"mood": "calm"}, idempotency_key="k1",
            webhook_url="https://example.org/done", webhook_events=("job.completed",),
        )
    )  # fmt: skip
    metadata = {"mood": "calm", "prompt": "a lighthouse", "negative_prompt": "fog", "seed": 0, "bucket": "b"}
    references = {"projectId": "p", "videoId": "v", "imageId": "i"}
    webhook = {"webhook_url": "https://example.org/done", "webhook_events_filter": ["job.completed"]}
    body = {"jobType": "sdxl_image_fast", "metadata": metadata, **references, **webhook}
    assert json.loads(service.asked[0].body) == body
    assert service.asked[0].headers["idempotency-key"] == "k1"


@pytest.mark.parametrize(
    "wrong", [{"idempotency_key": ""}, {"idempotency_key": "é"}, {"metadata": {"seed": 1}, "seed": 2}]
)
def test_a_submission_that_cannot_be_meant_is_not_sent(
    api: EitherClient, service: ScriptedService, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest):
        api(api.client.submit("video_fast", "waves", **wrong))
    with pytest.raises(TypeError, match="sead"):
        api(api.client.submit("video_fast", "waves", sead=7))
    assert service.asked == []


def test_run_waits_for_the_end_and_the_handle_saves_the_files(
    api: EitherClient, service: ScriptedService, tmp_path: Path
) -> None:
    service.on("/api/queue-job", Answer.json(ACCEPTED))
    service.on("/api/jobs/j1/stream", Answer.events(update("completed", "0-1-9-0")))
    service.on("/api/jobs/j1", Answer.json(JOB))
    service.on("/a/1.png", Answer(200, b"first", "image/png"))
    service.on("/a/2.png", Answer(200, b"second", "image/png"))
    handle = api(api.client.run("sdxl_image_fast", "a lighthouse"))
    assert handle.job.status is JobState.COMPLETED
    files = api(handle.save(tmp_path / "new" / "folder"))
    assert [file.name for file in files] == ["a-lighthouse-j1-1.png", "a-lighthouse-j1-2.png"]
    assert [file.read_bytes() for file in files] == [b"first", b"second"]
    assert len(api(handle.save(tmp_path, limit=1))) == 1


def test_a_submission_says_why_the_job_will_wait(api: EitherClient, service: ScriptedService) -> None:
    notice = "No connected worker offers wan2.1-t2v-1.3b."
    service.on("/api/queue-job", Answer.json(ACCEPTED | {"reason": "unworkable", "notices": [notice]}))
    service.on("/api/jobs/j1", Answer.json(JOB | {"status": "queued", "reason": "unworkable", "notices": [notice]}))
    assert api(api.client.submit("video_fast", "waves")).notices == (notice,)
    job = api(api.client.jobs.get("j1"))
    assert (job.reason, job.notices) == ("unworkable", (notice,))


def test_saving_a_failed_job_says_why_it_failed(api: EitherClient, service: ScriptedService, tmp_path: Path) -> None:
    failed = JOB | {"status": "failed", "data": {"error_message": "out of memory"}, "metadata": {}}
    service.on("/api/jobs/j1/stream", Answer.events(update("failed", "0-1-9-0")))
    service.on("/api/jobs/j1", Answer.json(failed))
    handle = api.client.jobs.attach("j1")
    with pytest.raises(JobFailed, match="out of memory"):
        api(handle.save(tmp_path))


def test_a_handle_streams_cancels_retries_and_explains(api: EitherClient, service: ScriptedService) -> None:
    why = {"job_id": "j1", "status": "queued", "waiting": True, "unworkable": False, "reason": "next", "message": "It"}
    service.on("/api/jobs/j1/stream", Answer.events(update("completed", "0-1-9-0")))
    service.on("/api/jobs/j1/cancel", Answer.json(JOB))
    service.on("/api/jobs/j1/retry", Answer.json({"data": {"jobId": "j1", "retryAttempt": 2}}))
    service.on("/api/jobs/j1/why", Answer.json(why))
    service.on("/api/jobs/j1/history", Answer.json({"data": [{"seq": 1, "event": "created", "message": "Created"}]}))
    handle = api.client.jobs.attach("j1")
    assert [event.state for event in api(handle.stream(last_event_id="0-1-1-0"))] == [JobState.COMPLETED]
    assert api(handle.cancel(reason="changed my mind")).id == "j1"
    assert (api(handle.retry()), api(handle.why()).reason) == (2, "next")
    assert [line.event for line in api(handle.history())] == ["created"]
    assert [(asked.method, json.loads(asked.body or b"null")) for asked in service.asked] == [
        ("GET", None), ("POST", {"reason": "changed my mind"}), ("POST", None), ("GET", None), ("GET", None),
    ]  # fmt: skip
    assert service.asked[2].headers["idempotency-key"]


def test_a_refused_request_names_the_fields(api: EitherClient, service: ScriptedService) -> None:
    errors = [{"field": "metadata.prompt", "message": "is too long"}]
    body = {
        "error": "The request is not valid.", "code": "invalid_request", "errors": errors, "details": {"a": 1},
        "trace_id": "t1",
    }  # fmt: skip
    service.on("/api/queue-job", Answer.json(body, status=400))
    with pytest.raises(InvalidRequest) as refused:
        api(api.client.submit("sdxl_image_fast", "x" * 3000))
    error = refused.value
    assert (error.fields, error.code) == ({"metadata.prompt": "is too long"}, "invalid_request")
    assert (error.status, error.details, error.trace_id, error.retry_after) == (400, {"a": 1}, "t1", None)
    assert str(error) == "The request is not valid.\n  metadata.prompt: is too long"


def test_too_few_credits_report_what_is_missing(api: EitherClient, service: ScriptedService) -> None:
    body = {
        "error": "Not enough credits.", "code": "insufficient_credits", "required_credits": 12.0,
        "balance_credits": 9.5, "missing_credits": 2.5, "suggestedAction": "Add at least 2.5 credits.",
        "details": "The job costs 12 credits, 2.5 more than the balance.",
    }  # fmt: skip
    service.on("/api/queue-job", Answer.json(body, status=402))
    with pytest.raises(
        NotEnoughCredits, match=r"costs 12 credits, 2\.5 more than the balance\. Add at least"
    ) as refused:
        api(api.client.submit("video_fast", "waves"))
    error = refused.value
    assert (error.required_credits, error.balance_credits, error.missing_credits) == (12.0, 9.5, 2.5)


@pytest.mark.parametrize(
    ("status", "error"), [(401, NotAuthorised), (403, NotAuthorised), (429, ServiceError), (503, ServiceError)]
)
def test_an_error_status_becomes_its_error(
    api: EitherClient, service: ScriptedService, status: int, error: type[Exception]
) -> None:
    service.on("/api/jobs/j1", Answer(status, b"not json"))
    with pytest.raises(error, match=f"HTTP {status}"):
        api(api.client.jobs.get("j1"))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"null", b'{"id": 7}', b""])
def test_an_answer_that_is_none_of_darkrooms_says_so(api: EitherClient, service: ScriptedService, body: bytes) -> None:
    service.on("/api/jobs/j1", Answer(200, body))
    with pytest.raises(ServiceError, match="is this address Darkroom's"):
        api(api.client.jobs.get("j1"))


@pytest.mark.parametrize("job_id", ["", "..", "\udce9"])
def test_an_id_that_cannot_be_in_a_path_is_refused(api: EitherClient, service: ScriptedService, job_id: str) -> None:
    with pytest.raises(InvalidRequest, match="is not an id"):
        api(api.client.jobs.get(job_id))


def test_an_id_stays_in_its_place_of_the_path(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs/a%2F..%3Fb", Answer.json(JOB))
    assert api(api.client.jobs.get("a/..?b")).id == "j1"


def test_a_service_that_is_not_there_is_named_with_what_to_do(connect: Connect) -> None:
    with scripted_service() as gone:
        url = gone.url
    api = connect(url)
    with pytest.raises(NotReachable, match=rf"{url}/ can't be reached.*`darkroom up` starts it"):
        api(api.client.jobs.get("j1"))
