import asyncio

from darkroom_queue import Consumer, Control, Insight, Producer, QueueClient, Registry, StepContext, WaitReason
from darkroom_queue.worker.turn import WorkerPort
from darkroom_schemas.ids import TenantId, WorkerId
from darkroom_schemas.step import StepResult, StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements
from support.steps import make_step, make_worker

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
