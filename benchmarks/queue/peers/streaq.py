"""streaq."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from protocol import Payload, Report
from streaq import Worker


class Peer:
    """One worker object is client and worker in streaq."""

    async def open(self, url: str) -> None:
        self._worker: Any = Worker(redis_url=url)
        self._job = self._worker.task(name="job", timeout=None, ttl=0)(_not_here)
        await self._worker.__aenter__()

    async def enqueue(self, payload: Payload) -> object:
        return await self._job.enqueue(payload)

    async def bulk(self, batch: Sequence[Payload]) -> object:
        return await self._worker.enqueue_many([self._job.enqueue(payload) for payload in batch])

    async def work(self, url: str, concurrency: int, report: Report, lease_s: float | None) -> None:
        async def job(payload: Payload) -> None:
            await report.run(payload)

        lease = {} if lease_s is None else {"idle_timeout": timedelta(seconds=lease_s)}
        worker: Any = Worker(redis_url=url, concurrency=concurrency, **lease)
        worker.task(name="job", timeout=None, ttl=0)(job)
        await worker.run_async()


async def _not_here(payload: Payload) -> None:
    raise AssertionError(f"a client runs no jobs, such as {payload}")
