"""Producer, consumer and event reader through broken connections: all go on by themselves once the network is well."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from darkroom_chassis.loops import LoopSupervisor
from darkroom_queue import Consumer, EventFanout, EventLog, Producer, ProgressFeed, QueueClient, Reset, StepContext
from darkroom_redis import RedisUnavailable
from darkroom_schemas.channels import ProgressMessage, job_progress
from darkroom_schemas.events import EventType
from darkroom_schemas.ids import JobId, StepId, WorkerId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepResult, StepSubmit
from support.fault_proxy import FaultProxy
from support.steps import make_step, make_worker
from support.waiting import until

Strike = Callable[[FaultProxy], None]


def cut_after(replies: int) -> Strike:
    return lambda proxy: proxy.cut_replies_after(replies)


ONCE: dict[str, Strike] = {
    "reset": FaultProxy.reset,
    "half_open": FaultProxy.half_open,
    **{f"cut_after_{n}": cut_after(n) for n in (1, 7, 60, 200)},
}
LASTING: dict[str, Strike] = {"black_hole": FaultProxy.black_hole, "refuse": FaultProxy.refuse}
REFUSALS = {
    error.split()[0]: error
    for error in (
        "READONLY You can't write against a read only replica.",
        "LOADING Redis is loading the dataset in memory",
        "MOVED 42 127.0.0.1:1",
        "CLUSTERDOWN The cluster is down",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    )
}


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits that tell silence from death, so that a test need not wait ten seconds for each."""
    for name, value in {
        "darkroom_redis.pipelined_connection.ANSWER_TIMEOUT_S": 2.0,
        "darkroom_redis.pipelined_connection.WATCH_EVERY_S": 0.1,
        "darkroom_redis.client.ANSWER_TIMEOUT_S": 2.0,
        "darkroom_queue.worker.consumer.BLOCK_S": 0.2,
        "darkroom_queue.log.events.MAX_BLOCK_MS": 200,
        "darkroom_queue.log.progress.POLL_S": 0.2,
    }.items():
        monkeypatch.setattr(name, value)


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[FaultProxy]:
    async with FaultProxy("127.0.0.1", urlsplit(redis_url).port or 0) as proxy:
        yield proxy


def through(proxy: FaultProxy, redis_url: str) -> str:
    parts = urlsplit(redis_url)
    return parts._replace(netloc=parts.netloc.replace(str(parts.port), str(proxy.port))).geturl()


@dataclass
class Running:
    """A producer, a worker and a follower of the log that all live behind the proxy."""

    proxy: FaultProxy
    producer: Producer
    tasks: list[asyncio.Task[None]]
    heard: set[StepId | None]
    resets: asyncio.Event
    noticed: asyncio.Event

    async def complete(self, step: StepSubmit) -> None:
        """Submit until it is accepted, and wait for its end and for the news of it."""

        async def accepted() -> bool:
            try:
                await self.producer.submit(step)
            except RedisUnavailable:
                self.noticed.set()
                return False
            return True

        async def ended() -> bool:
            try:
                view = await self.producer.read(step.id)
            except RedisUnavailable:
                return False
            return view is not None and view.status is JobStatus.COMPLETED and self._knows(step.id)

        await until(accepted, 10)
        await until(ended, 15)

    def _knows(self, step_id: StepId) -> bool:
        for task in self.tasks:
            if task.done():
                task.result()
        return step_id in self.heard or self.resets.is_set()


@pytest.fixture
async def running(proxy: FaultProxy, redis_url: str) -> AsyncIterator[Running]:
    url = through(proxy, redis_url)
    links = [await QueueClient.open(url) for _ in range(3)]

    async def handler(context: StepContext) -> StepResult:
        return StepResult(text=context.step.token)

    fanout, worker = EventFanout(links[1]), Consumer(links[2], make_worker(), handler, lease_s=1.5, heartbeat_s=0.5)
    running = Running(proxy, Producer(links[0]), [], set(), asyncio.Event(), asyncio.Event())

    beginning = await EventLog(links[1]).tail()

    async def listen() -> None:
        async for event in fanout.follow(since=beginning):
            if isinstance(event, Reset):
                running.resets.set()
            elif event.type == EventType.STEP_COMPLETED:
                running.heard.add(event.step_id)

    loops = LoopSupervisor((RedisUnavailable,))
    loops.add("fanout", fanout.run)
    async with loops:
        running.tasks += [asyncio.create_task(call) for call in (worker.run(), listen())]
        yield running
        proxy.heal()
    for task in running.tasks:
        task.cancel()
    await asyncio.gather(*running.tasks, return_exceptions=True)
    for link in links:
        await link.close()


@pytest.mark.parametrize("fault", ONCE)
async def test_all_go_on_after_a_fault_that_strikes_once(running: Running, fault: str) -> None:
    await running.complete(make_step())
    ONCE[fault](running.proxy)
    for _ in range(3):
        await running.complete(make_step())


@pytest.mark.parametrize("fault", LASTING)
async def test_all_go_on_after_a_fault_that_lasts(running: Running, fault: str) -> None:
    await running.complete(make_step())
    LASTING[fault](running.proxy)
    completing = asyncio.create_task(running.complete(make_step()))
    async with asyncio.timeout(10):
        await running.noticed.wait()
    running.proxy.heal()
    await completing
    await running.complete(make_step())


@pytest.mark.parametrize("word", REFUSALS)
async def test_all_go_on_after_a_server_that_refused_for_a_while(running: Running, word: str) -> None:
    await running.complete(make_step())
    running.proxy.answer_with(REFUSALS[word], b"BLPOP", b"XREAD")
    await until(lambda: is_answered(running.proxy, "BLPOP", "XREAD"))
    running.proxy.answer_with(REFUSALS[word])
    completing = asyncio.create_task(running.complete(make_step()))
    async with asyncio.timeout(10):
        await running.noticed.wait()
    running.proxy.heal()
    await completing
    await running.complete(make_step())


async def is_answered(proxy: FaultProxy, *commands: str) -> bool:
    return all(proxy.answered[command] for command in commands)


async def test_all_go_on_after_the_server_forgot_every_script(running: Running, redis_url: str) -> None:
    await running.complete(make_step())
    link = await QueueClient.open(redis_url)
    await link.redis_py.script_flush()
    await link.close()
    await running.complete(make_step())


async def test_live_progress_goes_on_after_its_connection_became_half_open(proxy: FaultProxy, redis_url: str) -> None:
    listener, publisher = await QueueClient.open(through(proxy, redis_url)), await QueueClient.open(redis_url)
    message = ProgressMessage(job_id=JobId("j"), step_id=StepId("s"), worker_id=WorkerId("w"), progress=5.0, at_ms=1)
    heard = asyncio.Event()

    async def listen(feed: ProgressFeed) -> None:
        while True:
            with suppress(RedisUnavailable):
                async for _ in feed:
                    heard.set()

    async def publish() -> bool:
        await publisher.redis_py.publish(job_progress(message.job_id), message.model_dump_json())
        return heard.is_set()

    async with ProgressFeed(listener) as feed:
        await feed.add_all()
        listening = asyncio.create_task(listen(feed))
        try:
            await until(publish)
            proxy.half_open()
            heard.clear()
            await until(publish)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    await listener.close()
    await publisher.close()
