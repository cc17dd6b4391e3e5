"""Clusters and Sentinels: work goes on after a failover without a restart. Part of `make chaos` (CHAOS_MINUTES)."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from darkroom_chassis.loops import LoopSupervisor
from darkroom_queue import Consumer, EventFanout, EventLog, Producer, QueueClient, Reset, StepContext
from darkroom_redis import RedisUnavailable
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepResult, StepSubmit
from redis.crc import key_slot
from support.redis_sets import SERVICE, cluster, watched_pair
from support.steps import make_step, make_worker
from support.waiting import until

pytestmark = pytest.mark.skipif("CHAOS_MINUTES" not in os.environ, reason="nine servers: `make chaos` runs these")
FAILOVER_S = 40.0


async def echo(context: StepContext) -> StepResult:
    return StepResult(text=context.step.token)


@asynccontextmanager
async def at_work(url: str, shard: int = 0) -> AsyncIterator[Producer]:
    """A worker and a reader of events on one shard; both must outlive the block."""
    links = [await QueueClient.open(url, shard=shard) for _ in range(3)]
    fanout, heard = EventFanout(links[1]), asyncio.Event()

    async def listen() -> None:
        async for event in fanout.follow(since=beginning):
            if isinstance(event, Reset) or event.step_id is not None:
                heard.set()

    beginning = await EventLog(links[1]).tail()
    consumer = Consumer(links[2], make_worker(f"w{shard}"), echo, lease_s=1.5, heartbeat_s=0.5)
    loops = LoopSupervisor((RedisUnavailable,))
    loops.add("fanout", fanout.run)
    tasks = [asyncio.create_task(call) for call in (consumer.run(), listen())]
    try:
        async with loops:
            yield Producer(links[0])
            heard.clear()
            await complete(Producer(links[0]), make_step())
            async with asyncio.timeout(20):
                await heard.wait()
            assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for link in links:
            await link.close()


async def complete(producer: Producer, step: StepSubmit) -> None:
    """Submit as often as a failover may lose it, until it has completed."""

    async def completed() -> bool:
        with suppress(RedisUnavailable):
            return (await producer.submit(step)).view.status is JobStatus.COMPLETED
        return False

    await until(completed, FAILOVER_S)


@pytest.mark.parametrize("silent", [False, True])
async def test_two_shards_of_a_cluster_land_on_their_slots_and_outlive_a_master(tmp_path: Path, silent: bool) -> None:
    async with cluster(tmp_path) as nodes:
        url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)
        async with at_work(url, 0) as first, at_work(url, 1) as second:
            for producer in (first, second):
                await complete(producer, make_step())
            for shard in (0, 1):
                meta = f"{{darkroom-{shard}}}:meta"
                owner = nodes[key_slot(meta.encode()) * 3 // 16384]
                assert await owner.client.exists(meta) == 1
            victim = nodes[key_slot(b"{darkroom-0}:meta") * 3 // 16384]
            if silent:
                victim.freeze()
            else:
                victim.process.kill()
            for producer in (first, second):
                await complete(producer, make_step())


@pytest.mark.parametrize("silent", [False, True])
async def test_clients_follow_the_master_that_sentinels_name(tmp_path: Path, silent: bool) -> None:
    async with watched_pair(tmp_path) as (master, watchers):
        hosts = ",".join(f"127.0.0.1:{port}" for port in watchers)
        async with at_work(f"redis+sentinel://{hosts}/{SERVICE}") as producer:
            await complete(producer, make_step())
            if silent:
                master.freeze()
            else:
                master.process.kill()
            await complete(producer, make_step())
