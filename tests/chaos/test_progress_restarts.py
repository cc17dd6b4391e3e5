"""Many begin and stop to follow progress, all through one connection, while that is lost and made again."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from darkroom_queue import ProgressFeed, QueueClient
from darkroom_redis import RedisUnavailable
from darkroom_redis.resolver import locate
from darkroom_schemas.channels import ProgressMessage, job_progress
from darkroom_schemas.ids import JobId, StepId, WorkerId
from support.fault_proxy import FaultProxy
from support.waiting import until

JOBS = [JobId(f"j{number}") for number in range(30)]
LOSSES, TURNS, DELAY_S = 5, 20, 0.01


async def test_no_progress_is_missed_of_jobs_added_while_the_connection_was_being_made(redis_url: str) -> None:
    port = urlsplit(redis_url).port or 0
    heard: set[JobId] = set()

    async def listen(feed: ProgressFeed) -> None:
        while True:
            with suppress(RedisUnavailable):
                async for message in feed:
                    heard.add(message.job_id)

    async def come_and_go(feed: ProgressFeed, job_id: JobId) -> None:
        for _ in range(TURNS):
            with suppress(RedisUnavailable):
                await feed.add(job_id)
            with suppress(RedisUnavailable):
                await feed.remove(job_id)
        with suppress(RedisUnavailable):
            await feed.add(job_id)

    async def tell_all() -> bool:
        for job_id in JOBS:
            message = ProgressMessage(
                job_id=job_id, step_id=StepId("s"), worker_id=WorkerId("w"), progress=5.0, at_ms=1
            )
            await publisher.redis_py.publish(job_progress(job_id), message.model_dump_json())
        return heard == set(JOBS)

    async with FaultProxy("127.0.0.1", port) as proxy:
        listener = QueueClient(locate(redis_url.replace(f":{port}/", f":{proxy.port}/")))
        publisher = await QueueClient.open(redis_url)
        async with ProgressFeed(listener) as feed:
            await feed.add(JOBS[0])
            listening = asyncio.create_task(listen(feed))
            proxy.delay(DELAY_S)
            for _ in range(LOSSES):
                proxy.reset()
                await asyncio.gather(*(come_and_go(feed, job_id) for job_id in JOBS[1:]))
                await until(tell_all)
                heard.clear()
                await asyncio.gather(*(feed.remove(job_id) for job_id in JOBS[1:]))
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        await listener.close()
        await publisher.close()
