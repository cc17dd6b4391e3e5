"""taskiq with the stream broker of taskiq-redis, the one that acknowledges. It has no batch call."""

from typing import Any

from protocol import Payload, Report
from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker


class Peer:
    """Broker and receiver of taskiq."""

    bulk = None

    async def open(self, url: str) -> None:
        self._broker: Any = RedisStreamBroker(url, max_connection_pool_size=60)
        self._job = self._broker.register_task(_not_here, task_name="job")
        await self._broker.startup()

    async def enqueue(self, payload: Payload) -> object:
        return await self._job.kiq(payload)

    async def work(self, url: str, concurrency: int, report: Report, lease_s: float | None) -> None:
        async def job(payload: Payload) -> None:
            await report.run(payload)

        lease = {} if lease_s is None else {"idle_timeout": round(lease_s * 1000)}
        broker: Any = RedisStreamBroker(
            url, consumer_id="0", max_connection_pool_size=concurrency + 5, xread_count=concurrency, **lease
        )
        broker.register_task(job, task_name="job")
        await run_receiver_task(
            broker, run_startup=True, max_async_tasks=concurrency, max_prefetch=concurrency, validate_params=False
        )


async def _not_here(payload: Payload) -> None:
    raise AssertionError(f"a client runs no jobs, such as {payload}")
