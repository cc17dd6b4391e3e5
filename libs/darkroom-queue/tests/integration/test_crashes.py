"""A server and a worker process that are killed with SIGKILL in the middle of their work."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_queue import Consumer, Producer, QueueClient, StepContext, Sweeper
from darkroom_redis import RedisUnavailable
from darkroom_schemas.ids import StepId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepResult, StepView
from support.steps import make_step, make_worker
from support.waiting import until

WORKER = Path(__file__).parent / "stuck_worker.py"


async def is_ended(producer: Producer, step_id: StepId) -> StepView | None:
    view = await producer.read(step_id)
    return view if view is not None and view.finished_at_ms is not None else None


async def answers(link: QueueClient) -> bool:
    try:
        await link.ping()
    except RedisUnavailable:
        return False
    return True


async def test_steps_outlive_a_killed_server_and_the_worker_goes_on_by_itself(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey", free_ports(1)[0])
    steps = [make_step() for _ in range(20)]
    first_ran, may_finish = asyncio.Event(), asyncio.Event()

    async def handler(context: StepContext) -> StepResult:
        first_ran.set()
        await may_finish.wait()
        return StepResult(text=context.step.id)

    with running(server.prepare(), tmp_path / "log") as process:
        link = await QueueClient.open(server.url)
        await link.redis_py.config_set("appendfsync", "always")
        await Producer(link).submit_many(steps)
        consumer = Consumer(link, make_worker(), handler)
        working = asyncio.create_task(consumer.run())
        await first_ran.wait()
        epoch = await link.epoch()
        process.send_signal(signal.SIGKILL)
        process.wait()
    with running(server.prepare(), tmp_path / "log"):
        may_finish.set()
        producer = Producer(link)
        await until(lambda: answers(link))
        views = [await until(lambda s=step: is_ended(producer, s.id), 20) for step in steps]  # type: ignore[misc]
        assert {v.status for v in views} == {JobStatus.COMPLETED}
        assert {v.attempt for v in views} == {1}
        assert await link.epoch() == epoch + 1
        consumer.drain(grace_s=0)
        await working
        await link.close()


async def test_a_killed_worker_is_noticed_and_the_step_runs_elsewhere(link: QueueClient, redis_url: str) -> None:
    step, producer = make_step(), Producer(link)
    await producer.submit(step)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[4] / "tests")}
    victim = await asyncio.create_subprocess_exec(sys.executable, str(WORKER), redis_url, env=environment)

    async def is_running() -> bool:
        view = await producer.read(step.id)
        return view is not None and view.status is JobStatus.RUNNING

    await until(is_running)
    victim.kill()
    await victim.wait()

    async def handler(context: StepContext) -> StepResult:
        return StepResult(text="rescued")

    consumer = Consumer(link, make_worker("rescuer"), handler, lease_s=1.5, heartbeat_s=0.5)
    working, sweeping = asyncio.create_task(consumer.run()), asyncio.create_task(Sweeper(link, lease_s=1.5).run())
    view = await until(lambda: is_ended(producer, step.id), 15)
    assert view is not None
    assert view.result is not None
    assert (view.result.text, view.attempt) == ("rescued", 2)
    sweeping.cancel()
    consumer.drain(grace_s=0)
    await working
