"""While Redis is away jobs are accepted and read, and when it is back they run."""

import asyncio
from collections.abc import AsyncIterator

import httpx
from support.platform import StartPlatform, StartWorker
from support.switched import Switched


async def test_jobs_accepted_before_and_during_an_outage_run_after_it(
    start_platform: StartPlatform, start_worker: StartWorker, own_redis: Switched
) -> None:
    await own_redis.on()
    platform = await start_platform(redis_url=own_redis.url)
    anna = await platform.account("anna")
    before = (await anna.submit("image_fast"))["id"]
    await own_redis.off()
    during = (await anna.submit("image_fast"))["id"]
    assert (await anna.job(before))["status"] == "queued"
    assert (await anna.http.get("/api/jobs")).json()["pagination"]["total"] == 2
    assert (await anna.http.get("/api/queue-status")).status_code == 200
    assert (await anna.http.get("/readyz")).status_code == 200
    await own_redis.on()
    await start_worker(url=own_redis.url)
    for job_id in (before, during):
        assert (await anna.finished(job_id))["status"] == "completed"
    assert await anna.credits() == 99


async def test_a_redis_that_hangs_slows_no_submission_and_no_read(
    start_platform: StartPlatform, start_worker: StartWorker, own_redis: Switched
) -> None:
    await own_redis.on()
    platform = await start_platform(redis_url=own_redis.url)
    anna = await platform.account("anna")
    jobs = [(await anna.submit("prompt_enhance"))["id"]]
    with own_redis.hanging():
        for _ in range(3):
            async with asyncio.timeout(3):  # the second request may find out for all; ten seconds is the driver's limit
                jobs.append((await anna.submit("prompt_enhance"))["id"])
                assert (await anna.job(jobs[0]))["status"] == "queued"
                for path in ("/api/jobs", "/api/me", "/api/job-types", "/api/queue-status", "/api/models"):
                    assert (await anna.http.get(path)).status_code == 200, path
                async with anna.http.stream("GET", f"/api/jobs/{jobs[0]}/stream") as stream:
                    assert stream.status_code == 200
                    assert "event: history_init" in [line async for line in _lines(stream, 5)]
        async with asyncio.timeout(3):
            assert (await anna.http.get(f"/api/jobs/{jobs[0]}/why")).status_code == 503
            assert (await anna.http.post("/api/auth/ticket", json={"audience": "queue"})).status_code == 503
    await start_worker(url=own_redis.url)
    for job_id in jobs:
        assert (await anna.finished(job_id))["status"] == "completed"


async def _lines(stream: httpx.Response, count: int) -> AsyncIterator[str]:
    lines = stream.aiter_lines()
    for _ in range(count):
        yield await anext(lines)
