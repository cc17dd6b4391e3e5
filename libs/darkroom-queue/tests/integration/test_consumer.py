import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio as redis
from darkroom_queue import (
    Consumer,
    EventLog,
    Finish,
    Handler,
    LogTruncated,
    Outcome,
    Producer,
    ProgressFeed,
    QueueClient,
    Registry,
    StepContext,
    StepFailed,
    StepStopped,
    StopReason,
    Sweeper,
)
from darkroom_queue.worker.turn import Turn, WorkerPort
from darkroom_redis import RedisUnavailable
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import StepId
from darkroom_schemas.status import TERMINAL, JobStatus
from darkroom_schemas.step import StepError, StepResult, StepView
from support.steps import make_step, make_worker
from support.waiting import until


async def ended(link: QueueClient, step_id: StepId) -> StepView:
    """Wait for a step's terminal event and return its view."""
    log, after = EventLog(link), None
    async with asyncio.timeout(20):
        while True:
            try:
                events = await log.read(after, block_ms=5000)
            except LogTruncated:
                after = None
                continue
            for event in events:
                after = type(await log.tail()).parse(event.id)
                if event.step_id == step_id and event.type.removeprefix("step.") in TERMINAL:
                    view = await Producer(link).read(step_id)
                    assert view is not None
                    return view


@asynccontextmanager
async def working(link: QueueClient, handler: Handler, **changes: Any) -> AsyncIterator[Consumer]:
    consumer = Consumer(link, make_worker(**changes), handler)
    task = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        consumer.drain(grace_s=0)
        async with asyncio.timeout(20):
            await task


async def echo(context: StepContext) -> StepResult:
    return StepResult(text=str(context.step.payload["n"]))


async def test_steps_run_and_their_results_are_retained(link: QueueClient) -> None:
    steps = [make_step(payload={"n": n}) for n in range(20)]
    async with working(link, echo, concurrency=4):
        await Producer(link).submit_many(steps)
        views = [await ended(link, step.id) for step in steps]
    assert [v.result.text for v in views if v.result] == [str(n) for n in range(20)]


async def test_an_idle_worker_is_woken_not_polling(link: QueueClient) -> None:
    async with working(link, echo):
        for _ in range(3):
            step = make_step()
            await Producer(link).submit(step)
            async with asyncio.timeout(1.0):  # far below the beat that would find it otherwise
                assert (await ended(link, step.id)).status is JobStatus.COMPLETED


async def test_a_worker_with_plenty_to_do_does_not_listen_for_wakes(link: QueueClient) -> None:
    left, all_ran = iter(range(399, -1, -1)), asyncio.Event()

    async def count(_: StepContext) -> StepResult:
        if next(left) == 0:
            all_ran.set()
        return StepResult()

    await Producer(link).submit_many([make_step() for _ in range(400)])
    await link.redis_py.config_resetstat()
    async with working(link, count, concurrency=20):
        await all_ran.wait()
        stats = await link.redis_py.info("commandstats")
    assert stats["cmdstat_evalsha"]["calls"] > 20
    assert stats.get("cmdstat_blpop", {"calls": 0})["calls"] < 10


async def test_a_script_that_the_server_forgot_is_sent_again_and_keeps_the_order(link: QueueClient) -> None:
    producer = Producer(link)
    await producer.submit(make_step())
    await link.redis_py.script_flush()
    steps = [make_step() for _ in range(200)]
    await producer.submit_many(steps)
    queued = [event.step_id for event in await EventLog(link).read(None, count=1000) if event.type == "step.queued"]
    assert [i for i in queued if i in {step.id for step in steps}] == [step.id for step in steps]


async def test_a_failed_attempt_is_retried_after_its_delay(link: QueueClient) -> None:
    async def fails_once(context: StepContext) -> StepResult:
        if context.step.attempt == 1:
            raise StepFailed(StepError(code=StepErrorCode.BACKEND, message="busy", retryable=True))
        return StepResult(text="second")

    step = make_step()
    async with working(link, fails_once):
        await Producer(link).submit(step)
        view = await ended(link, step.id)
    assert (view.status, view.attempt) == (JobStatus.COMPLETED, 2)


async def test_an_unexpected_error_hides_its_text(link: QueueClient) -> None:
    async def crashes(context: StepContext) -> StepResult:
        raise RuntimeError("password=hunter2")

    step = make_step(max_attempts=1)
    async with working(link, crashes):
        await Producer(link).submit(step)
        view = await ended(link, step.id)
    assert view.error is not None
    assert (view.error.code, "hunter2" in view.error.message) == (StepErrorCode.INTERNAL, False)


def waits_for_stop(seen: list[StopReason | None], started: asyncio.Event) -> Handler:
    async def handler(context: StepContext) -> StepResult:
        started.set()
        await context.stop.wait()
        seen.append(context.stop_reason)
        raise StepStopped

    return handler


async def test_a_cancel_reaches_the_running_handler_within_a_second(link: QueueClient) -> None:
    seen: list[StopReason | None] = []
    started, step = asyncio.Event(), make_step()
    async with working(link, waits_for_stop(seen, started)):
        await Producer(link).submit(step)
        await started.wait()
        await Producer(link).cancel(step.id, reason="user")
        async with asyncio.timeout(1.0):  # far below the next beat
            view = await ended(link, step.id)
    assert (view.status, seen) == (JobStatus.CANCELLED, [StopReason.CANCELLED])


async def test_a_step_over_its_time_limit_fails_and_is_not_retried(link: QueueClient) -> None:
    seen: list[StopReason | None] = []
    step = make_step(timeout_s=0.05)
    async with working(link, waits_for_stop(seen, asyncio.Event())):
        await Producer(link).submit(step)
        view = await ended(link, step.id)
    assert view.error is not None
    assert (view.error.code, view.attempt, seen) == (StepErrorCode.TIMEOUT, 1, [StopReason.TIMEOUT])


async def test_draining_gives_unfinished_steps_back_without_costing_an_attempt(link: QueueClient) -> None:
    seen: list[StopReason | None] = []
    started, step = asyncio.Event(), make_step()
    async with working(link, waits_for_stop(seen, started)):
        await Producer(link).submit(step)
        await started.wait()
    view = await Producer(link).read(step.id)
    assert view is not None
    assert (view.status, view.attempt, seen) == (JobStatus.QUEUED, 0, [StopReason.SHUTDOWN])
    assert await Registry(link).workers() == []


async def test_progress_reaches_the_documented_channel(link: QueueClient) -> None:
    received = asyncio.Event()

    async def reports(context: StepContext) -> StepResult:
        context.progress(50, message="denoising", current_step=2, total_steps=4)
        await received.wait()
        return StepResult()

    step = make_step()
    async with ProgressFeed(link) as feed, working(link, reports), asyncio.timeout(10):
        await feed.add(step.job_id)
        await Producer(link).submit(step)
        message = await anext(aiter(feed))
        received.set()
    assert (message.progress, message.current_step, message.total_steps) == (50, 2, 4)


async def test_a_worker_that_the_queue_forgot_registers_again(link: QueueClient) -> None:
    async with working(link, echo):
        step = make_step()
        await Producer(link).submit(step)
        await ended(link, step.id)
        await link.redis_py.flushall()
        again = make_step()
        await Producer(link).submit(again)
        assert (await ended(link, again.id)).status is JobStatus.COMPLETED


@pytest.mark.parametrize("answer_lost", [False, True])
async def test_only_a_finish_that_was_surely_never_taken_is_reported_as_refused(
    link: QueueClient, monkeypatch: pytest.MonkeyPatch, *, answer_lost: bool
) -> None:
    """Deleting what a refused attempt stored must not delete what an accepted one stored."""
    step, refused, heard = make_step(), list[Finish](), asyncio.Event()
    turn = WorkerPort.turn

    async def forgetful(port: WorkerPort, **asked: Any) -> Turn:
        answer = await turn(port, **asked)
        if answer.refused:
            heard.set()
        if answer_lost and any(not finish.repeated for finish in asked["finishes"]):
            await link.redis_py.delete(f"{{darkroom-0}}:t:{step.id}")  # as after a day
            raise RedisUnavailable
        return answer

    async def work(context: StepContext) -> StepResult:
        if not answer_lost:
            await Producer(link).cancel(step.id, reason="asked")
            await link.redis_py.zadd("{darkroom-0}:cz", {step.id: 1})
            await Sweeper(link).sweep()
        return StepResult(text="done")

    monkeypatch.setattr(WorkerPort, "turn", forgetful)
    consumer = Consumer(link, make_worker(), work, on_refused=refused.append)
    task = asyncio.create_task(consumer.run())
    await Producer(link).submit(step)
    async with asyncio.timeout(20):
        await heard.wait()
        consumer.drain(grace_s=0)
        await task
    assert [(finish.step_id, finish.outcome) for finish in refused] == ([] if answer_lost else [(step.id, Outcome.OK)])


async def test_a_finish_that_a_full_server_refuses_is_repeated_and_not_run_again(link: QueueClient) -> None:
    runs, loop = list[str](), asyncio.get_running_loop()
    restored: list[asyncio.Task[None]] = []

    async def give_memory_back() -> None:
        await link.redis_py.config_set("maxmemory", 0)

    async def fill(context: StepContext) -> StepResult:
        runs.append(context.step.token)
        await link.redis_py.config_set("maxmemory", 1)
        loop.call_later(1, lambda: restored.append(asyncio.create_task(give_memory_back())))
        return StepResult(text="done")

    async with working(link, fill):
        step = make_step()
        await Producer(link).submit(step)
        assert (await ended(link, step.id)).status is JobStatus.COMPLETED
    assert len(runs) == 1


async def test_a_step_that_the_server_forgot_to_have_ended_is_not_run_again(link: QueueClient, redis_url: str) -> None:
    """A failover loses the last second; the other run would write over, or delete, what the first one has stored."""
    runs, before = list[str](), dict[bytes | str, bytes]()
    server = redis.Redis.from_url(redis_url)

    async def work(context: StepContext) -> StepResult:
        runs.append(context.step.token)
        for key in await server.keys("{darkroom-0}:*"):
            before[key] = await server.dump(key) or b""
        return StepResult(text="done")

    consumer = Consumer(link, make_worker(), work, lease_s=3, heartbeat_s=1)
    task = asyncio.create_task(consumer.run())
    step = make_step()
    await Producer(link).submit(step)
    await ended(link, step.id)
    async with server, server.pipeline() as at_once:
        at_once.flushall()
        for key, value in before.items():
            at_once.restore(key, 0, value)
        await at_once.execute()
    assert (await ended(link, step.id)).status is JobStatus.COMPLETED
    consumer.drain(grace_s=0)
    async with asyncio.timeout(20):
        await task
    assert len(runs) == 1


async def test_a_result_that_cannot_be_written_fails_its_step_and_frees_its_place(link: QueueClient) -> None:
    async def work(context: StepContext) -> StepResult:
        return StepResult(text="\ud800" if context.step.payload else "fine")

    bad, good = make_step(payload={"n": 1}, max_attempts=1), make_step(payload={})
    async with working(link, work, concurrency=1):
        for step in (bad, good):
            await Producer(link).submit(step)
        views = [await ended(link, step.id) for step in (bad, good)]
    assert [view.status for view in views] == [JobStatus.FAILED, JobStatus.COMPLETED]
    assert views[0].error is not None
    assert views[0].error.code == StepErrorCode.INTERNAL


async def test_a_worker_that_may_not_listen_for_a_while_gets_wakeups_again(
    link: QueueClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("darkroom_queue.worker.consumer.BLOCK_S", 1)

    async def is_refused() -> bool:
        return "refuses a blocking command of the worker" in caplog.text

    async with working(link, echo):
        [set_] = await until(lambda: link.redis_py.hkeys("{darkroom-0}:csd"))
        wakes = link.keys.wake(str(set_))
        await link.redis_py.set(wakes, "no list")
        await until(is_refused)
        await link.redis_py.delete(wakes)
        for _ in range(3):
            step = make_step()
            await Producer(link).submit(step)
            async with asyncio.timeout(2.0):  # far below the beat that would find it otherwise
                await ended(link, step.id)
