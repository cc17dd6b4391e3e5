"""A job that no connected worker can do is accepted, and says so in its answer and whenever it is read."""

from typing import Any

import pytest
from support.emprops import collection, generate, workflow
from support.platform import Account, Platform, StartPlatform, StartWorker
from support.switched import Switched
from support.waiting import until

from .stablequeue_jobs import status, submit

NOBODY = "No worker is connected"
IMAGE = {"jobType": "image_fast", "metadata": {"prompt": "a boat"}}
COMFY = {"workflow": {"1": {"class_type": "KSampler", "inputs": {}}}}


@pytest.fixture
async def anna(platform: Platform) -> Account:
    return await platform.account("anna")


async def reason_of(account: Account, job_id: str) -> str | None:
    reason: str | None = (await account.job(job_id))["reason"]
    return reason


async def test_submission_says_in_every_dialect_that_no_worker_is_connected(anna: Account) -> None:
    ourvidz = (await anna.http.post("/api/queue-job", json=IMAGE)).json()
    stablequeue = await submit(anna)
    emprops = await generate(anna, await collection(anna, workflow="sdxl_image"), variables={"prompt": "a boat"})
    for answer in (ourvidz, stablequeue, emprops.json()["data"]):
        assert answer["reason"] == "unworkable"
        assert NOBODY in answer["notices"][0]


async def test_waiting_job_says_that_nobody_can_do_it_until_somebody_can(
    anna: Account, start_worker: StartWorker
) -> None:
    job_id, forge = (await anna.submit("image_fast"))["id"], (await submit(anna))["stablequeue_job_id"]

    async def sent() -> bool:
        return await reason_of(anna, job_id) == "unworkable"

    await until(sent)
    read = await anna.job(job_id)
    assert (read["status"], read["data"]["reason"]) == ("queued", "unworkable")
    assert NOBODY in read["notices"][0]
    assert read["data"]["notices"] == read["notices"]

    async def forge_reported() -> dict[str, Any] | None:
        answer = await status(anna, forge)
        return answer if answer["reason"] else None

    listed = await until(forge_reported)
    assert (listed["status"], listed["reason"]) == ("pending", "unworkable")
    assert NOBODY in listed["notices"][0]
    await start_worker()
    for one in (job_id, forge):
        await anna.finished(one)
        assert (await anna.job(one))["notices"] == []
    assert ((await status(anna, forge))["reason"], (await status(anna, forge))["notices"]) == (None, [])


async def test_submission_says_nothing_where_a_worker_fits(anna: Account, start_worker: StartWorker) -> None:
    await start_worker()

    async def fits() -> bool:
        answer: dict[str, Any] = (await anna.http.post("/api/queue-job", json=IMAGE)).json()
        return (answer["reason"], answer["notices"]) == (None, [])

    await until(fits)


async def test_what_the_nearest_worker_lacks_is_named(anna: Account, start_worker: StartWorker) -> None:
    await start_worker()
    await workflow(anna, "comfy_workflow", COMFY, models=["pony.safetensors"])
    made = await collection(anna, workflow="mine")

    async def generated() -> dict[str, Any] | None:
        answer: dict[str, Any] = (await generate(anna, made)).json()["data"]
        return answer if "pony.safetensors" in answer["notices"][0] else None

    job_id = (await until(generated))["jobId"]

    async def sent() -> bool:
        return await reason_of(anna, job_id) == "unworkable"

    await until(sent)
    assert "lacks model pony.safetensors" in (await anna.job(job_id))["notices"][0]


async def test_later_step_that_nobody_can_do_is_reported_while_the_job_is_under_way(
    anna: Account, start_worker: StartWorker
) -> None:
    await start_worker()
    steps = [
        {"job_type": "prompt_enhance", "payload": {"prompt": "a boat"}},
        {"job_type": "image_fast", "payload": {"prompt": "{{steps.00.text}}"}, "models": ["missing-model"]},
    ]
    await workflow(anna, "basic", {"steps": steps})
    job_id = (await generate(anna, await collection(anna, workflow="mine"))).json()["data"]["jobId"]

    async def sent() -> bool:
        job = await anna.job(job_id)
        return (job["status"], job["reason"]) == ("processing", "unworkable")

    await until(sent)
    assert "missing-model" in (await anna.job(job_id))["notices"][0]
    assert (await status(anna, job_id))["reason"] == "unworkable"


async def test_nothing_is_reported_while_redis_is_unavailable(
    start_platform: StartPlatform, own_redis: Switched
) -> None:
    await own_redis.on()
    platform = await start_platform(redis_url=own_redis.url)
    anna = await platform.account("anna")
    await own_redis.off()
    answer = (await anna.http.post("/api/queue-job", json=IMAGE)).json()
    assert (answer["success"], answer["reason"], answer["notices"]) == (True, None, [])
    assert await reason_of(anna, answer["job"]["id"]) is None
    assert (await status(anna, answer["job"]["id"]))["reason"] is None
