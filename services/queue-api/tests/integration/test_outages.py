"""While Redis hangs every route answers in time, and afterwards all is as before."""

import asyncio
from pathlib import Path

import httpx
from support.services import running_service
from support.switched import Switched
from support.waiting import until

STEP = {"id": "before", "job_type": "simulation", "payload": {"duration_s": 0}}


async def test_a_redis_that_hangs_is_a_503_in_time(own_redis: Switched, tmp_path: Path) -> None:
    await own_redis.on()
    env = {"REDIS_URL": own_redis.url}
    with running_service("queue_api", "QUEUE_API_PORT", env, tmp_path) as service:
        async with httpx.AsyncClient(base_url=service.url, timeout=4) as client:
            assert (await client.post("/jobs", json=STEP)).status_code == 201
            with own_redis.hanging():
                for _ in range(2):  # the second request may find out for all
                    assert (await client.get("/jobs/before")).status_code == 503
                async with asyncio.timeout(1):
                    for path in ("/workers", "/machines", "/queues", "/jobs/before", "/jobs/before/why"):
                        answer = await client.get(path)
                        assert (answer.status_code, answer.json()["retryable"]) == (503, True), path
                        assert "Retry-After" in answer.headers
                    assert (await client.post("/jobs", json=STEP)).status_code == 503

            async def answers() -> bool:
                return (await client.get("/jobs/before")).status_code == 200

            await until(answers, 15)


async def test_an_outage_of_redis_is_logged_without_a_traceback(own_redis: Switched, tmp_path: Path) -> None:
    await own_redis.on()
    with running_service("queue_api", "QUEUE_API_PORT", {"REDIS_URL": own_redis.url}, tmp_path) as service:
        await own_redis.off()

        async def received() -> bool:
            return "A background loop waits for a server" in service.log.read_text()

        await until(received)
        await own_redis.on()
        async with httpx.AsyncClient(base_url=service.url, timeout=4) as client:

            async def ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            await until(ready, 15)
        assert "Traceback" not in service.log.read_text()
