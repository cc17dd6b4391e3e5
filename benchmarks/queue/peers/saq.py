"""SAQ. It has no batch call."""

from typing import Any

import saq
from protocol import Payload, Report
from saq.queue.redis import RedisQueue


class Peer:
    """Queue and worker of SAQ, with 50 operations at a time allowed on its connections."""

    bulk = None

    async def open(self, url: str) -> None:
        self._queue: Any = RedisQueue.from_url(url, max_concurrent_ops=50)

    async def enqueue(self, payload: Payload) -> object:
        return await self._queue.enqueue("job", payload=payload, timeout=0)

    async def work(self, url: str, concurrency: int, report: Report, lease_s: float | None) -> None:  # noqa: ARG002
        async def job(ctx: Any, *, payload: Payload) -> None:  # noqa: ARG001
            await report.run(payload)

        queue: Any = RedisQueue.from_url(url, max_concurrent_ops=concurrency)
        await saq.Worker(queue, [("job", job)], concurrency=concurrency).start()
