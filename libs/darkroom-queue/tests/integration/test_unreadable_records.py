"""A record in Redis that cannot be read stops no worker and no list."""

import asyncio
from functools import partial

from darkroom_queue import Consumer, DeadLetters, Producer, ProgressFeed, QueueClient, Registry, StepContext, Sweeper
from darkroom_queue.operate.sweeper import Swept
from darkroom_redis import KeyDirectory
from darkroom_schemas.channels import ProgressMessage, job_progress
from darkroom_schemas.ids import JobId, StepId, WorkerId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepResult
from support.steps import make_step, make_worker
from support.waiting import until


async def test_counters_are_read_beside_a_name_that_is_not_utf8(link: QueueClient) -> None:
    await link.command("HSET", link.keys.counters, b"q:\xff", 3)
    assert (await Producer(link).depth()).queued_by_type == {"\ufffd": 3}


async def test_a_step_whose_record_cannot_be_read_fails_and_the_worker_goes_on(link: QueueClient) -> None:
    producer, broken, good = Producer(link), make_step(), make_step()
    await producer.submit(broken)
    record: str = await link.command("HGET", link.keys.steps, broken.id)
    await link.command("HSET", link.keys.steps, broken.id, record.rpartition("\n")[0] + '\n{"cut sho')
    await producer.submit(good)

    async def handler(_: StepContext) -> StepResult:
        return StepResult(text="ok")

    consumer = Consumer(link, make_worker(), handler)
    task = asyncio.create_task(consumer.run())

    async def ended(step_id: StepId) -> bool:
        view = await producer.read(step_id)
        return view is not None and view.status in {JobStatus.COMPLETED, JobStatus.FAILED}

    for step in (broken, good):
        await until(partial(ended, step.id))
    consumer.drain(grace_s=5)
    await task
    views = await producer.read_many([broken.id, good.id])
    assert [view.status for view in views if view] == [JobStatus.FAILED, JobStatus.COMPLETED]
    assert views[0] is not None
    assert views[0].error is not None
    assert views[0].error.message == "The step's record in the queue cannot be read."


async def test_a_dead_letter_that_cannot_be_read_hides_no_other(link: QueueClient) -> None:
    producer, step, other = Producer(link), make_step(max_attempts=1), StepId("other")
    await producer.submit(step)

    async def handler(_: StepContext) -> StepResult:
        raise RuntimeError("as the test wants")

    consumer = Consumer(link, make_worker(), handler)
    task = asyncio.create_task(consumer.run())
    await until(DeadLetters(link).count)
    consumer.drain(grace_s=5)
    await task
    stones = link.keys.meta.removesuffix("meta") + "t:"
    stone: str = await link.command("GET", stones + step.id)
    await link.command("SET", stones + other, stone.partition("\n")[0] + "\n[")
    await link.command("ZADD", link.keys.dead_letters, 1, other)
    assert [view.id for view in (await DeadLetters(link).page()).views] == [step.id]


async def test_a_worker_whose_record_cannot_be_read_hides_no_other(link: QueueClient) -> None:
    consumer = Consumer(link, make_worker(), _never)
    task = asyncio.create_task(consumer.run())
    await until(lambda: Registry(link).workers())
    [known] = await Registry(link).workers()
    await link.command("ZADD", link.keys.workers, known.seen_at_ms, "broken")
    await link.command("HSET", link.keys.worker(WorkerId("broken")), "info", "{")
    assert [record.info.worker_id for record in await Registry(link).workers()] == [known.info.worker_id]
    consumer.drain(grace_s=0)
    await task


async def _never(_: StepContext) -> StepResult:
    raise AssertionError("there is no step")


async def test_a_command_that_cannot_be_read_leaves_the_worker_listening(link: QueueClient) -> None:
    info = make_worker()
    task = asyncio.create_task(Consumer(link, info, _never).run())
    for command in (b"\xff\xfe", b"drain", b"a\tb\tc\td", b"drain\t\t"):
        await link.command("RPUSH", link.keys.commands(info.worker_id), command)
    async with asyncio.timeout(10):
        await task


async def test_messages_that_are_not_utf8_do_not_end_the_feed(link: QueueClient) -> None:
    async with ProgressFeed(link) as feed:
        await feed.add(JobId("j"))
        good = ProgressMessage(
            job_id=JobId("j"), step_id=StepId("s"), worker_id=WorkerId("w"), progress=50, step_progress=50, at_ms=1
        )
        for data in (b"\xff\xfe", b"{}", good.model_dump_json()):
            await link.command("PUBLISH", job_progress(JobId("j")), data)
        async with asyncio.timeout(10):
            assert await anext(aiter(feed)) == good


async def test_a_published_key_that_cannot_be_read_is_refused(link: QueueClient) -> None:
    await link.command("HSET", link.keys.api_keys, "k", b'{"id": "\xff')
    assert await KeyDirectory(link).find("k") is None


async def test_the_place_of_a_reader_that_cannot_be_read_does_not_stop_the_sweeper(link: QueueClient) -> None:
    await link.command("HSET", link.keys.readers, "broken", "{}")
    assert await Sweeper(link).sweep() == Swept(0, 0)
