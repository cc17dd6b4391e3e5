import asyncio

import pytest
from darkroom_queue import (
    Consumer,
    Control,
    Insight,
    PriorityOutcome,
    Producer,
    QueueClient,
    Registry,
    StepConflict,
    StepContext,
    Sweeper,
    WaitReason,
)
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.ids import StepId, TenantId, WorkerId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepResult, StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements
from support.steps import make_step, make_worker
from support.waiting import until

BOTH = Capabilities(types=("simulation", "other"))


async def worker(link: QueueClient, name: str = "w1") -> WorkerPort:
    port = WorkerPort(link, make_worker(name, capabilities=BOTH), lease_s=12)
    await port.register()
    return port


async def submit(link: QueueClient, kind: str = "simulation", tenant: str = "t1") -> StepSubmit:
    step = make_step(requirements=Requirements(type=kind), tenant=TenantId(tenant))
    await Producer(link).submit(step)
    return step


async def claimed(port: WorkerPort) -> list[str]:
    return [c.id for c in (await port.turn(want=10)).claims]


async def test_a_paused_type_waits_and_the_others_go_on(link: QueueClient) -> None:
    port = await worker(link)
    held = [await submit(link, tenant=t) for t in ("a", "b")]
    await Control(link).pause("simulation")
    free = await submit(link, "other")
    held.append(await submit(link, tenant="c"))
    assert await claimed(port) == [free.id]
    await Control(link).resume("simulation")
    assert sorted(await claimed(port)) == sorted(s.id for s in held)


async def test_a_pause_holds_for_kinds_of_work_and_workers_that_come_later(link: QueueClient) -> None:
    await Control(link).pause("simulation")
    late = await submit(link)
    port = await worker(link)
    assert await claimed(port) == []
    await Control(link).resume("simulation")
    assert await claimed(port) == [late.id]


async def test_a_paused_queue_accepts_and_hands_out_nothing(link: QueueClient) -> None:
    port, control = await worker(link), Control(link)
    await control.pause()
    step = await submit(link)
    assert await link.redis_py.blpop(["{darkroom-0}:w:1"], 1)
    assert await claimed(port) == []
    assert await link.redis_py.keys("*:w:*") == []  # another token would wake idle workers again and again, for nothing
    assert await control.paused() == {"*"}
    await control.resume()
    assert await claimed(port) == [step.id]


async def test_an_idle_worker_is_woken_when_the_queue_is_resumed(link: QueueClient) -> None:
    ran, control = asyncio.Event(), Control(link)

    async def handler(context: StepContext) -> StepResult:
        ran.set()
        return StepResult()

    consumer = Consumer(link, make_worker(), handler)
    working = asyncio.create_task(consumer.run())
    await control.pause()
    await submit(link)
    await control.resume()
    async with asyncio.timeout(2):  # below the beat that would find it otherwise
        await ran.wait()
    consumer.drain(grace_s=0)
    await working


async def test_a_waiting_step_says_that_it_is_paused(link: QueueClient) -> None:
    await worker(link)
    step = await submit(link)
    await Control(link).pause("simulation")
    waiting = await Insight(link).why_waiting(step.id)
    assert waiting is not None
    assert waiting.reason is WaitReason.PAUSED


async def test_a_drained_worker_finishes_what_it_has_and_leaves(link: QueueClient) -> None:
    started, may_end = asyncio.Event(), asyncio.Event()

    async def handler(context: StepContext) -> StepResult:
        started.set()
        await may_end.wait()
        return StepResult(text="done")

    working = asyncio.create_task(Consumer(link, make_worker("w1"), handler).run())
    first = await submit(link)
    await started.wait()
    await Control(link).drain_worker(WorkerId("w1"))
    second = await submit(link)
    may_end.set()
    async with asyncio.timeout(10):
        await working
    views = [await Producer(link).read(step.id) for step in (first, second)]
    assert [view.status for view in views if view] == ["completed", "queued"]
    assert await Registry(link).workers() == []


async def test_a_step_with_a_higher_priority_moves_before_the_others_of_its_tenant(link: QueueClient) -> None:
    port, control = await worker(link), Control(link)
    first, second, third = [await submit(link) for _ in range(3)]
    assert await control.prioritize(third.id, 90) is PriorityOutcome.CHANGED
    assert await control.prioritize(first.id, 10) is PriorityOutcome.CHANGED
    view = await Producer(link).read(third.id)
    assert view is not None
    assert view.priority == 90
    assert await claimed(port) == [third.id, second.id, first.id]
    assert await control.prioritize(first.id, 99) is PriorityOutcome.RUNNING
    assert await control.prioritize(StepId("nobody"), 99) is PriorityOutcome.UNKNOWN


async def test_a_submission_is_the_same_after_its_priority_was_changed(link: QueueClient) -> None:
    step = await submit(link)
    await Control(link).prioritize(step.id, 90)
    assert not (await Producer(link).submit(step)).created
    other = step.model_copy(update={"priority": 90})
    with pytest.raises(StepConflict):
        await Producer(link).submit(other)


async def test_a_later_attempt_keeps_the_changed_priority(link: QueueClient) -> None:
    port, control = await worker(link), Control(link)
    step = await submit(link)
    await control.prioritize(step.id, 90)
    [claim] = (await port.turn(want=1)).claims
    await port.turn(want=0, finishes=[Finish(step.id, claim.token, Outcome.RETRY, "{}", 0)])
    later = await submit(link)
    assert await control.prioritize(step.id, 91) is PriorityOutcome.CHANGED
    assert await claimed(port) == [step.id, later.id]
    view = await Producer(link).read(step.id)
    assert view is not None
    assert (view.priority, view.attempt) == (91, 2)


async def test_steps_of_a_paused_type_are_not_failed_as_unworkable(link: QueueClient) -> None:
    port, control = await worker(link), Control(link)
    await control.pause("simulation")
    held = make_step(requirements=Requirements(type="simulation"), timeout_s=0.001)
    await Producer(link).submit(held)
    await control.prioritize(held.id, 90)
    assert await link.redis_py.zcard("{darkroom-0}:uw") == 1

    queued = await Producer(link).read(held.id)
    assert queued is not None
    end_ms = queued.queued_at_ms + 1

    async def is_over() -> bool:
        seconds, microseconds = await link.redis_py.time()
        return bool(seconds * 1000 + microseconds // 1000 > end_ms)

    await until(is_over)  # the timeout after which a step without any worker fails
    await Sweeper(link, lease_s=12).sweep()
    view = await Producer(link).read(held.id)
    assert view is not None
    assert view.status is JobStatus.QUEUED
    await control.resume("simulation")
    assert await claimed(port) == [held.id]
