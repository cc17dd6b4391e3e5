"""arq. It has no batch call, and a worker polls: every 0.5 s by default, every 10 ms here."""

from typing import Any

from arq import Worker, create_pool, func
from arq.connections import RedisSettings
from protocol import Payload, Report


class Peer:
    """Pool and worker of arq, without kept results and without a log line for each."""

    bulk = None

    async def open(self, url: str) -> None:
        self._pool: Any = await create_pool(RedisSettings.from_dsn(url))

    async def enqueue(self, payload: Payload) -> object:
        return await self._pool.enqueue_job("job", payload)

    async def work(self, url: str, concurrency: int, report: Report, lease_s: float | None) -> None:
        async def job(ctx: Any, payload: Payload) -> None:  # noqa: ARG001
            await report.run(payload)

        worker = Worker(
            [func(job, name="job")], redis_settings=RedisSettings.from_dsn(url), max_jobs=concurrency, poll_delay=0.01,
            keep_result=0, log_results=False, job_timeout=lease_s or 300,
        )  # fmt: skip
        await worker.main()
