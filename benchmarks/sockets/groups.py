"""What a job group of 100 children costs in Redis, beside 100 single jobs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from darkroom_queue import Consumer, QueueClient, StepContext
from darkroom_schemas.step import StepResult
from servers import TOKEN, QueueApi, serving
from support.steps import make_worker

CHILDREN = 100
_ROUNDS = 5
_AT_ONCE = 10


class _Worker:
    """Completes steps at once, and says when as many are done as were expected."""

    def __init__(self) -> None:
        self._left = 0
        self._complete = asyncio.Event()

    def expect(self, steps: int) -> None:
        self._left = steps
        self._complete.clear()

    async def run(self, _: StepContext) -> StepResult:
        self._left -= 1
        if self._left == 0:
            self._complete.set()
        return StepResult(text="done")

    async def wait(self) -> None:
        async with asyncio.timeout(60):
            await self._complete.wait()


async def measure_groups(redis_url: str, folder: Path, rounds: int = _ROUNDS) -> float:
    """Return the processor time of Redis for a group over that for single jobs, each round in the order ABBA."""
    async with serving(QueueApi, redis_url, folder) as server:
        client = await QueueClient.open(redis_url)
        worker = _Worker()
        consumer = Consumer(client, make_worker("bench", concurrency=16), worker.run)
        running = asyncio.create_task(consumer.run())
        base_url, headers = f"http://127.0.0.1:{server.port}", {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=60) as http:

            async def cost(submit: Callable[[httpx.AsyncClient], Awaitable[None]]) -> float:
                worker.expect(CHILDREN)
                before = await _cpu_s(client)
                await submit(http)
                await worker.wait()
                await asyncio.sleep(1)  # the last results are reported and counted
                return await _cpu_s(client) - before

            for submit in (_singles, _group):
                await cost(submit)  # warms up
            singles = group = 0.0
            for _ in range(rounds):
                singles += await cost(_singles)
                group += await cost(_group)
                group += await cost(_group)
                singles += await cost(_singles)
        consumer.drain(grace_s=0)
        await running
        await client.close()
    return group / singles


async def _singles(http: httpx.AsyncClient) -> None:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def submit() -> None:
        async with slots:
            (await http.post("/api/jobs", json={"job_type": "simulation", "payload": {}})).raise_for_status()

    await asyncio.gather(*(submit() for _ in range(CHILDREN)))


async def _group(http: httpx.AsyncClient) -> None:
    body = {"job_type": "simulation", "payload": {}, "count": CHILDREN}
    (await http.post("/api/job-group", json=body)).raise_for_status()


async def _cpu_s(client: QueueClient) -> float:
    usage = await client.redis_py.info("cpu")
    return float(usage["used_cpu_user"]) + float(usage["used_cpu_sys"])
