"""Ends that a service reports: final, repeatable, never in contradiction, and for service keys only."""

from typing import Any

import httpx
import pytest
from darkroom_chassis.api_keys import KeyKind
from darkroom_schemas.ids import StepId, new_uuid7
from support.platform import Platform, StartWorker
from support.waiting import until

URL = "https://cdn.example/final.png"
COMPLETE = {"workflow_output": URL, "outputs": {"images": [URL]}, "metadata": {"by": "a webhook"}}
FAILED = {"error_message": "The node vanished.", "error_details": {"node": 7}}


async def report(platform: Platform, job_id: str, what: str, body: object, **headers: str) -> httpx.Response:
    key = await platform.key(KeyKind.SERVICE)
    async with platform.client(**{"X-API-Key": key}, **headers) as service:
        return await service.post(f"/api/jobs/{job_id}/{what}", json=body)


async def test_reported_completion_ends_the_job_with_what_was_reported(platform: Platform) -> None:
    anna = await platform.account("anna", credits=10)
    job_id = (await anna.submit("video_fast"))["id"]
    for _ in range(2):
        answer = await report(platform, job_id, "complete", COMPLETE)
        assert answer.status_code == 200
        assert answer.json()["error"] is None
    job = (await anna.job(job_id))["data"]
    assert (job["status"], job["progress"], job["workflow_output"]) == ("completed", 100, URL)
    assert job["data"]["outputs"] == {"images": [URL]}
    assert await anna.credits() == 10

    async def revoked() -> bool:
        step = await platform.running.context.jobs.steps.read(StepId(f"{job_id}:1:00"))
        return step is not None and step.status == "cancelled"

    await until(revoked, 10)
    history = await platform.rows("SELECT event FROM platform.job_history ORDER BY seq")
    assert history == [("created",), ("complete",)]


async def test_reported_failure_ends_the_job_and_refunds_it(platform: Platform) -> None:
    anna = await platform.account("anna", credits=10)
    job_id = (await anna.submit("video_fast"))["id"]
    for _ in range(2):
        assert (await report(platform, job_id, "failed", FAILED)).status_code == 200
    job = await anna.finished(job_id)
    assert job["data"]["status"] == "failed"
    assert job["error_message"] == "The node vanished."
    assert await anna.credits() == 10


async def test_what_is_reported_beside_the_end_is_shown_in_the_job_and_its_history(platform: Platform) -> None:
    anna = await platform.account("anna")
    completed, failed = [(await anna.submit("image_fast"))["id"] for _ in range(2)]
    await report(platform, completed, "complete", COMPLETE)
    await report(platform, failed, "failed", FAILED)

    async def last(job_id: str) -> Any:
        return (await anna.http.get(f"/api/jobs/{job_id}/history")).json()["data"][-1]

    job = await anna.job(completed)
    assert (job["data"]["data"]["metadata"], job["error_details"]) == (COMPLETE["metadata"], None)
    assert ((await last(completed))["event"], (await last(completed))["details"]) == ("complete", COMPLETE["metadata"])
    job = await anna.job(failed)
    assert (job["error_details"], job["data"]["error_details"]) == (FAILED["error_details"],) * 2
    assert ((await last(failed))["event"], (await last(failed))["details"]) == ("error", FAILED["error_details"])
    result = (await anna.http.get(f"/api/v2/jobs/{failed}/status")).json()["job"]["result_details"]
    assert (result["error"], result["details"]) == (FAILED["error_message"], FAILED["error_details"])
    listed = (await anna.http.get("/api/jobs")).json()["data"]
    assert [item["error_details"] for item in listed] == [FAILED["error_details"], None]
    await anna.http.post(f"/api/jobs/{failed}/retry")
    assert (await anna.job(failed))["error_details"] is None
    details = [entry["details"] for entry in (await anna.http.get(f"/api/jobs/{failed}/history")).json()["data"]]
    assert details == [None, FAILED["error_details"], None], "history stays"


async def test_contradiction_is_refused(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    failed, cancelled = [(await anna.submit("video_fast"))["id"] for _ in range(2)]
    await report(platform, failed, "failed", FAILED)
    await anna.http.post(f"/api/jobs/{cancelled}/cancel")
    for job_id in (failed, cancelled):
        assert (await report(platform, job_id, "complete", COMPLETE)).status_code == 409
        assert (await report(platform, job_id, "failed", FAILED)).status_code == 200
    await start_worker()
    completed = (await anna.submit("prompt_enhance"))["id"]
    await anna.finished(completed)
    assert (await report(platform, completed, "failed", FAILED)).status_code == 409
    assert (await report(platform, completed, "complete", COMPLETE)).status_code == 200
    assert (await anna.job(completed))["data"]["workflow_output"] != URL


async def test_only_a_service_reports_and_only_for_the_user_it_names(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    job_id = (await anna.submit("video_fast"))["id"]
    for what, body in (("complete", COMPLETE), ("failed", FAILED)):
        assert (await anna.http.post(f"/api/jobs/{job_id}/{what}", json=body)).status_code == 403
        assert (await report(platform, job_id, what, body, **{"X-User-Id": ben.id})).status_code == 404
        assert (await report(platform, new_uuid7(), what, body)).status_code == 404
    assert (await report(platform, job_id, "failed", FAILED, **{"X-User-Id": anna.id})).status_code == 200


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("complete", {"outputs": []}, "workflow_output"),
        ("complete", {"workflow_output": URL}, "outputs"),
        ("complete", {**COMPLETE, "workflow_output": 5}, "workflow_output"),
        ("complete", {**COMPLETE, "outputs": ["\0"]}, "outputs"),
        ("complete", {**COMPLETE, "more": 1}, "more"),
        ("failed", {}, "error_message"),
        ("failed", {"error_message": ""}, "error_message"),
    ],
)
async def test_report_that_is_not_valid_names_the_field(
    platform: Platform, what: str, body: object, field: str
) -> None:
    answer = await report(platform, new_uuid7(), what, body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_late_result_does_not_overwrite_a_reported_end(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("video_fast"))["id"]
    await report(platform, job_id, "complete", COMPLETE)
    await start_worker()
    await anna.finished((await anna.submit("prompt_enhance"))["id"])
    assert (await anna.job(job_id))["data"]["workflow_output"] == URL
