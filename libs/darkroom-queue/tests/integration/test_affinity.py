from darkroom_queue import Producer, QueueClient
from darkroom_queue.worker.turn import WorkerPort
from darkroom_schemas.ids import TenantId
from darkroom_schemas.step import StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements
from support.steps import make_step, make_worker

MAX_BYPASSES = 4


async def worker(link: QueueClient) -> WorkerPort:
    port = WorkerPort(link, make_worker(capabilities=Capabilities(types=("draw",), models=("a", "b"))), lease_s=12)
    await port.register()
    return port


async def submit(link: QueueClient, model: str, *, tenant: str = "t1", age: int = 0) -> StepSubmit:
    needs = Requirements(type="draw", models=(model,))
    step = make_step(requirements=needs, tenant=TenantId(tenant), created_us=1_000_000 - age)
    await Producer(link).submit(step)
    return step


async def order(port: WorkerPort, claims: int, resident: tuple[str, ...]) -> list[str]:
    return [c.id for _ in range(claims) for c in (await port.turn(want=1, resident=resident)).claims]


async def test_a_loaded_model_comes_before_an_older_step_that_needs_another(link: QueueClient) -> None:
    port = await worker(link)
    older, loaded = await submit(link, "b", age=10), await submit(link, "a")
    assert await order(port, 2, ("a",)) == [loaded.id, older.id]


async def test_without_a_loaded_model_the_order_is_by_age(link: QueueClient) -> None:
    port = await worker(link)
    older, younger = await submit(link, "b", age=10), await submit(link, "a")
    assert await order(port, 2, ()) == [older.id, younger.id]


async def test_after_four_bypasses_in_a_row_the_head_is_served(link: QueueClient) -> None:
    port = await worker(link)
    head = await submit(link, "b", age=10)
    for _ in range(MAX_BYPASSES + 2):
        await submit(link, "a")
    served = await order(port, MAX_BYPASSES + 1, ("a",))
    assert served.index(head.id) == MAX_BYPASSES


async def test_a_stream_of_affine_work_holds_no_tenant_beyond_the_bound(link: QueueClient) -> None:
    port, tenants = await worker(link), ("t1", "t2", "t3")
    for tenant in tenants[:2]:
        for _ in range(40):
            await submit(link, "a", tenant=tenant)
    waiting = await submit(link, "b", tenant="t3")
    served = await order(port, len(tenants) * (MAX_BYPASSES + 1), ("a",))
    assert waiting.id in served
