"""How jobs end otherwise: cancelled, failed, or delivered in part; credits follow what was delivered."""

import asyncio

from darkroom_queue import Handler, StepContext, StepFailed, StepStopped, StopReason
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepError, StepResult
from support.platform import Platform, StartWorker


async def test_cancelling_a_waiting_job_refunds_it_and_takes_it_back(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("video_fast"))["id"]
    assert await anna.credits() == 95
    for _ in range(2):
        answer = await anna.http.post(f"/api/jobs/{job_id}/cancel", json={"reason": "changed my mind"})
        assert answer.status_code == 200
        assert answer.json()["status"] == answer.json()["data"]["status"] == "failed"
    assert "changed my mind" in answer.json()["error_message"]
    assert await anna.credits() == 100
    await start_worker()
    other = await anna.finished((await anna.submit("prompt_enhance"))["id"])
    assert other["status"] == "completed"
    assert (await anna.job(job_id))["metadata"].get("all_assets") is None


async def test_cancel_reaches_the_running_step(platform: Platform, start_worker: StartWorker) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()
    reasons = []

    async def work(context: StepContext) -> StepResult:
        begun.set()
        await context.stop.wait()
        reasons.append(context.stop_reason)
        stopped.set()
        raise StepStopped

    await start_worker(work)
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    async with asyncio.timeout(20):
        await begun.wait()
        assert (await anna.http.post(f"/api/jobs/{job_id}/cancel")).status_code == 200
        await stopped.wait()
    assert reasons == [StopReason.CANCELLED]


async def test_cancelling_a_finished_job_is_a_409(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    await anna.finished(job_id)
    assert (await anna.http.post(f"/api/jobs/{job_id}/cancel")).status_code == 409


async def test_failed_step_fails_the_job_and_refunds_it(platform: Platform, start_worker: StartWorker) -> None:
    async def work(context: StepContext) -> StepResult:
        raise StepFailed(StepError(code=StepErrorCode.OUT_OF_MEMORY, message="The card is too small.\0"))

    await start_worker(work)
    anna = await platform.account("anna")
    job = await anna.finished((await anna.submit("video7b_fast_enhanced"))["id"])
    assert job["status"] == "failed"
    assert job["error_message"] == "The card is too small."
    assert await anna.credits() == 100
    assert await platform.rows("SELECT status FROM platform.steps ORDER BY number") == [("failed",), ("cancelled",)]


async def test_only_what_was_delivered_is_paid(platform: Platform, start_worker: StartWorker, produce: Handler) -> None:
    async def four_of_six(context: StepContext) -> StepResult:
        result = await produce(context)
        return StepResult(outputs=result.outputs[:4])

    await start_worker(four_of_six)
    anna = await platform.account("anna")
    job = await anna.finished((await anna.submit("sdxl_image_high"))["id"])
    assert job["status"] == "completed"
    assert len(job["metadata"]["all_assets"]) == 4
    assert await anna.credits() == 98
    ledger = "SELECT kind, count(*), sum(amount_mc) FROM platform.credit_ledger WHERE kind <> 'grant' GROUP BY kind"
    assert sorted(await platform.rows(ledger)) == [("capture", 4, 2000), ("release", 1, 1000), ("reserve", 1, 3000)]


async def test_success_without_a_result_is_a_failure(platform: Platform, start_worker: StartWorker) -> None:
    async def nothing(context: StepContext) -> StepResult:
        return StepResult()

    await start_worker(nothing)
    anna = await platform.account("anna")
    assert (await anna.finished((await anna.submit("image_fast"))["id"]))["status"] == "failed"
    assert await anna.credits() == 100


async def test_failed_attempt_is_tried_again(platform: Platform, start_worker: StartWorker, produce: Handler) -> None:
    async def second_time_lucky(context: StepContext) -> StepResult:
        if context.step.attempt == 1:
            raise StepFailed(StepError(code=StepErrorCode.WORKER_CRASHED, message="It crashed.", retryable=True))
        return await produce(context)

    await start_worker(second_time_lucky)
    anna = await platform.account("anna")
    assert (await anna.finished((await anna.submit("image_fast"))["id"]))["status"] == "completed"
    history = await platform.rows("SELECT event FROM platform.job_history ORDER BY seq")
    assert [event for (event,) in history] == ["created", "node_started", "node_retrying", "node_started", "complete"]


async def test_result_that_cannot_be_stored_fails_its_job_and_holds_up_no_other(
    platform: Platform, start_worker: StartWorker, produce: Handler
) -> None:
    async def one_image_twice(context: StepContext) -> StepResult:
        result = await produce(context)
        if context.step.payload["prompt"] == "twice":
            result = StepResult(outputs=(result.outputs[0], result.outputs[0]))
        return result

    await start_worker(one_image_twice)
    anna = await platform.account("anna")
    wrong, right = [(await anna.submit("sdxl_image_fast", prompt=prompt))["id"] for prompt in ("twice", "once")]
    assert (await anna.finished(wrong))["status"] == "failed"
    assert (await anna.finished(right))["status"] == "completed"
    assert await anna.credits() == 98.5
