"""Step events that arrive as signed webhooks: applied once, whatever the log brings, and never for an earlier run."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook
from support.platform import Account, Platform, StartPlatform, StartWorker

SECRET = "whsec_" + "c2VjcmV0" * 4
PATH = "/api/webhooks/queue"


@pytest.fixture
async def platform(start_platform: StartPlatform) -> Platform:
    return await start_platform(queue_webhook_secret=SECRET)


@pytest.fixture
async def anna(platform: Platform) -> Account:
    return await platform.account("anna", credits=10)


@pytest.fixture
async def reporter(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client() as client:
        yield client


def event(job_id: str, kind: str, *, run: int = 1, seq: int = 1, **data: Any) -> dict[str, Any]:
    about = {"job_id": job_id, "step_id": f"{job_id}:{run}:00", "event_id": f"0-1795806648770-1795807015741-{seq}"}
    return {"type": kind, "timestamp": "2026-11-27T19:16:58Z", "data": {**about, **data}}


async def report(
    client: httpx.AsyncClient, body: Any, *, secret: str = SECRET, age: timedelta = timedelta()
) -> httpx.Response:
    text, moment = json.dumps(body), datetime.now(UTC) - age
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", moment, text),
        "content-type": "application/json",
    }
    return await client.post(PATH, content=text, headers=headers)


FAILURE: dict[str, Any] = {
    "attempt": 1,
    "error": {"code": "backend_error", "message": "The node vanished.", "retryable": False},
}


async def test_a_failure_is_applied_once(platform: Platform, anna: Account, reporter: httpx.AsyncClient) -> None:
    job_id = (await anna.submit("image_fast", prompt="a boat"))["id"]
    failed = event(job_id, "step.failed", **FAILURE)
    outcomes = [(await report(reporter, failed)).json()["outcome"] for _ in range(2)]
    assert outcomes == ["applied", "no_effect"]
    job = await anna.job(job_id)
    assert (job["status"], job["error_message"]) == ("failed", "The node vanished.")
    assert await anna.credits() == 10


async def test_what_the_log_brings_later_has_no_effect(
    anna: Account, reporter: httpx.AsyncClient, start_worker: StartWorker
) -> None:
    job_id = (await anna.submit("image_fast", prompt="a boat"))["id"]
    assert (await report(reporter, event(job_id, "step.failed", **FAILURE))).json()["outcome"] == "applied"
    await start_worker()  # takes the step, if it is not cancelled by then
    other = (await anna.submit("image_fast", prompt="another boat"))["id"]
    await anna.finished(other)
    assert (await anna.job(job_id))["status"] == "failed"
    assert await anna.credits() == 9.5


async def test_events_of_an_earlier_run_are_refused(anna: Account, reporter: httpx.AsyncClient) -> None:
    job_id = (await anna.submit("image_fast", prompt="a boat"))["id"]
    await report(reporter, event(job_id, "step.failed", **FAILURE))
    assert (await anna.http.post(f"/api/jobs/{job_id}/retry")).is_success
    stale = await report(reporter, event(job_id, "step.failed", seq=2, **FAILURE))
    assert (stale.status_code, stale.json()["outcome"]) == (200, "stale_run")
    assert (await anna.job(job_id))["data"]["status"] == "pending"


async def test_other_events_and_jobs_change_nothing(anna: Account, reporter: httpx.AsyncClient) -> None:
    job_id = (await anna.submit("image_fast", prompt="a boat"))["id"]
    queued = await report(reporter, event(job_id, "step.queued", job_type="image_fast"))
    unknown = await report(reporter, event("019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11", "step.failed", **FAILURE))
    assert [answer.json()["outcome"] for answer in (queued, unknown)] == ["irrelevant", "unknown_job"]


@pytest.mark.parametrize("job_id", ["jg_1", "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"])
async def test_a_job_that_was_submitted_to_queue_api_is_unknown(reporter: httpx.AsyncClient, job_id: str) -> None:
    body = event(job_id, "step.failed", **FAILURE)
    body["data"]["step_id"] = job_id  # a repeated delivery would hold up an ordered endpoint
    assert (await report(reporter, body)).json()["outcome"] == "unknown_job"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"data": {}}, "data.job_id"),
        ({"data": {"job_id": "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"}}, "data.step_id"),
        ({"timestamp": "yesterday"}, "body"),
    ],
)
async def test_a_body_that_is_no_step_event_is_refused(
    reporter: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    answer = await report(reporter, event("019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11", "step.failed") | change)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_only_the_secret_opens_the_route(reporter: httpx.AsyncClient, start_platform: StartPlatform) -> None:
    body = event("019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11", "step.failed")
    assert (await report(reporter, body, secret="whsec_" + "b3RoZXJz" * 4)).status_code == 401
    assert (await report(reporter, body, age=timedelta(minutes=6))).status_code == 401
    assert (await reporter.post(PATH, json=body)).status_code == 401
    signature = {"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "none"}
    assert (await reporter.post(PATH, json=body, headers=signature)).status_code == 401
    closed = await start_platform()
    async with closed.client() as client:
        assert (await report(client, body)).status_code == 404
