"""A job is run again under its id: up to three times, backed up, and paid once for whatever was delivered."""

import asyncio

import httpx
import pytest
from darkroom_queue import Handler, StepContext, StepFailed
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import StepId, new_uuid7
from darkroom_schemas.step import StepError, StepResult
from support.platform import Account, Platform, StartWorker
from support.waiting import until

LIMIT = "Job has reached maximum retry limit (3)"


async def refuse(context: StepContext) -> StepResult:
    raise StepFailed(StepError(code=StepErrorCode.OUT_OF_MEMORY, message="The card is too small."))


async def failed_job(
    platform: Platform, start_worker: StartWorker, account: Account, job_type: str = "sdxl_image_fast"
) -> str:
    worker = await start_worker(refuse)
    job_id = (await account.submit(job_type, prompt="a boat", seed=7))["id"]
    assert (await account.finished(job_id))["status"] == "failed"
    worker.drain(grace_s=0)
    return str(job_id)


async def run_again(account: Account, job_id: str, **headers: str) -> httpx.Response:
    return await account.http.post(f"/api/jobs/{job_id}/retry", headers=headers)


async def test_failed_job_is_run_again_under_its_id(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna", credits=10)
    job_id = await failed_job(platform, start_worker, anna)
    answer = await run_again(anna, job_id)
    assert answer.status_code == 200
    assert answer.json() == {
        "data": {"jobId": job_id, "retryAttempt": 1, "message": "Job is retried (attempt 1 of 3)"},
        "error": None,
    }
    pending = await anna.job(job_id)
    assert pending["data"]["status"] == "pending"
    assert pending["data"]["retry_count"] == 1
    assert pending["data"]["error_message"] is None
    await start_worker()
    job = await anna.finished(job_id)
    assert job["status"] == "completed"
    assert job["metadata"]["seeds"][0] == 7
    assert await anna.credits() == 8.5
    history = await platform.rows("SELECT seq, run, event FROM platform.job_history ORDER BY seq")
    assert [event for _, _, event in history] == [
        *("created", "node_started", "error"),
        *("retried", "node_started", "complete"),
    ]
    assert [run for _, run, _ in history] == [1, 1, 1, 2, 2, 2]
    assert [seq for seq, _, _ in history] == [1, 2, 3, 4, 5, 6]


async def test_what_the_job_was_is_backed_up(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    job_id = await failed_job(platform, start_worker, anna)
    await run_again(anna, job_id)
    [(run, data)] = await platform.rows("SELECT run, data FROM platform.job_retry_backup")
    assert (run, data["id"], data["status"]) == (1, job_id, "failed")
    assert data["error"]["message"] == "The card is too small."
    assert data["parameters"]["prompt"] == "a boat"
    assert data["steps"][0]["payload"]["prompt"] == "a boat"


async def test_image_that_was_delivered_is_not_paid_again(
    platform: Platform, start_worker: StartWorker, produce: Handler
) -> None:
    async def text_then_nothing(context: StepContext) -> StepResult:
        return await produce(context) if context.step.payload["family"] == "prompt" else await refuse(context)

    anna = await platform.account("anna", credits=10)
    worker = await start_worker(text_then_nothing)
    job_id = (await anna.submit("video7b_fast_enhanced", prompt="a boat"))["id"]
    await anna.finished(job_id)
    worker.drain(grace_s=0)
    assert await anna.credits() == 9.5
    await run_again(anna, job_id)
    assert await anna.credits() == 4.5
    await start_worker()
    assert (await anna.finished(job_id))["status"] == "completed"
    assert await anna.credits() == 4.5
    ledger = "SELECT kind, run, amount_mc FROM platform.credit_ledger WHERE kind <> 'grant' ORDER BY id"
    assert await platform.rows(ledger) == [
        *[("reserve", 1, 5500), ("capture", 1, 500), ("release", 1, 5000)],
        *[("reserve", 2, 5000), ("capture", 2, 5000)],
    ]


async def test_new_run_fills_its_templates_again(
    platform: Platform, start_worker: StartWorker, produce: Handler
) -> None:
    async def enhance_by_run(context: StepContext) -> StepResult:
        run = context.step.id.split(":")[1]
        if context.step.payload["family"] == "prompt":
            return StepResult(text=f"text of run {run}")
        return await (refuse(context) if run == "1" else produce(context))

    await start_worker(enhance_by_run)
    anna = await platform.account("anna")
    job_id = (await anna.submit("image7b_fast_enhanced", prompt="a boat"))["id"]
    await anna.finished(job_id)
    await run_again(anna, job_id)
    await anna.finished(job_id)
    payloads = await platform.rows("SELECT payload->>'prompt' FROM platform.steps WHERE number = 1 ORDER BY run")
    assert payloads == [("text of run 1",), ("text of run 2",)]


async def test_stream_reports_the_new_run_to_readers_of_the_end_of_the_old(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna = await platform.account("anna")
    job_id = await failed_job(platform, start_worker, anna)
    last = [event.id for event in await anna.events(job_id) if event.id][-1]
    await run_again(anna, job_id)
    await start_worker()
    events = await anna.events(job_id, last)
    sent = [event.json() for event in events if event.event == "job_history"]
    assert [entry["event"] for entry in sent] == ["retried", "node_started", "complete"]
    assert sent[0]["status"] == "pending"


async def test_fourth_retry_is_refused_in_the_words_of_the_document(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker(refuse)
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    for attempt in (1, 2, 3):
        await anna.finished(job_id)
        assert (await run_again(anna, job_id)).json()["data"]["retryAttempt"] == attempt
    await anna.finished(job_id)
    answer = await run_again(anna, job_id)
    assert answer.status_code == 409
    assert (answer.json()["data"], answer.json()["error"], answer.json()["code"]) == (None, LIMIT, "retry_limit")


async def test_job_on_its_way_and_a_completed_one_are_not_retried(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    assert (await run_again(anna, job_id)).status_code == 409
    await start_worker()
    await anna.finished(job_id)
    answer = await run_again(anna, job_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_retryable")


async def test_stuck_job_is_taken_back_and_run_again(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna", credits=10)
    job_id = (await anna.submit("video_fast"))["id"]
    await platform.rows("UPDATE platform.jobs SET updated_at = now() - interval '11 minutes' RETURNING id")
    assert (await run_again(anna, job_id)).status_code == 200
    assert await anna.credits() == 5

    async def old_step_is_cancelled() -> bool:
        old = await platform.running.context.jobs.steps.read(StepId(f"{job_id}:1:00"))
        return old is not None and old.status == "cancelled"

    await until(old_step_is_cancelled)  # before a worker can take it
    await start_worker()
    assert (await anna.finished(job_id))["status"] == "completed"
    assert await anna.credits() == 5
    sums = "SELECT kind, sum(amount_mc) FROM platform.credit_ledger WHERE kind <> 'grant' GROUP BY kind"
    assert dict(await platform.rows(sums)) == {"reserve": 10_000, "release": 5000, "capture": 5000}


async def test_cancelled_job_is_run_again(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    await anna.http.post(f"/api/jobs/{job_id}/cancel")
    assert (await run_again(anna, job_id)).status_code == 200
    await start_worker()
    assert (await anna.finished(job_id))["status"] == "completed"


async def test_retry_without_the_credits_changes_nothing(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna", credits=5)
    job_id = await failed_job(platform, start_worker, anna, "video_fast")
    await anna.submit("prompt_enhance")
    answer = await run_again(anna, job_id)
    assert answer.status_code == 402
    assert (answer.json()["data"], answer.json()["error"]) == (None, "Not enough credits.")
    assert answer.json()["missing_credits"] == 0.5
    assert (await anna.job(job_id))["data"]["retry_count"] == 0
    assert await platform.rows("SELECT * FROM platform.job_retry_backup") == []


async def test_repeated_retry_with_a_key_is_one_retry(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    job_id = await failed_job(platform, start_worker, anna)
    key = {"Idempotency-Key": "again-1"}
    answers = await asyncio.gather(*(run_again(anna, job_id, **key) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.text for answer in answers}) == 1
    assert sum(answer.headers.get("Idempotent-Replayed") == "true" for answer in answers) == 4
    assert (await anna.job(job_id))["data"]["retry_count"] == 1
    other = await failed_job(platform, start_worker, anna)
    assert (await run_again(anna, other, **key)).status_code == 422


@pytest.mark.parametrize("job_id", ["not-an-id", pytest.param(new_uuid7(), id="unknown")])
async def test_unknown_job_is_a_404(platform: Platform, job_id: str) -> None:
    anna = await platform.account("anna")
    answer = await run_again(anna, job_id)
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


async def test_nobody_retries_somebody_elses_job(platform: Platform, start_worker: StartWorker) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    job_id = await failed_job(platform, start_worker, anna)
    assert (await run_again(ben, job_id)).status_code == 404
    assert (await anna.job(job_id))["data"]["retry_count"] == 0
