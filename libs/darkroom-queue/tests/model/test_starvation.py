"""The bound on waiting: an active tenant's head starts within N (B + 1) claims of its pool, N tenants being active."""

import pytest
from darkroom_queue import Producer, QueueClient
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.ids import TenantId
from support.steps import make_step, make_worker

BULK = 10_000
BYPASSES = 4
"""Greatest number of times in a row that a step for a loaded model may be taken before the head."""


async def claims_until(port: WorkerPort, tenant: str, *, batch: int) -> int:
    """Claim and finish until a step of the tenant comes; returns how many claims were made, that one included."""
    finishes: list[Finish] = []
    claims = 0
    while claims < BULK:
        turn = await port.turn(want=batch, finishes=finishes)
        for claimed in turn.claims:
            claims += 1
            if claimed.tenant == tenant:
                return claims
        finishes = [Finish(claimed.id, claimed.token, Outcome.OK) for claimed in turn.claims]
    raise AssertionError(f"{tenant} got nothing in {claims} claims")


@pytest.mark.parametrize("batch", [1, 8])
async def test_ten_thousand_steps_of_one_tenant_do_not_hold_up_another(link: QueueClient, batch: int) -> None:
    producer = Producer(link)
    await producer.submit_many([make_step(tenant=TenantId("bulk"), created_us=n, priority=100) for n in range(BULK)])
    port = WorkerPort(link, make_worker(concurrency=batch), lease_s=12.0)
    await port.register()
    for round_ in range(20):
        await claims_until(port, "bulk", batch=batch)
        await producer.submit(make_step(tenant=TenantId("small"), created_us=10**15 + round_, priority=1))
        assert await claims_until(port, "small", batch=batch) <= 2 * (BYPASSES + 1) + batch


@pytest.mark.parametrize("weight", [1.0, 1000.0])
async def test_work_that_costs_next_to_nothing_does_not_run_ahead_of_who_comes_later(
    link: QueueClient, weight: float
) -> None:
    producer, bulk = Producer(link), [TenantId(f"bulk{number}") for number in range(3)]
    for tenant in bulk:
        await producer.submit_many([make_step(tenant=tenant, created_us=n, weight=weight) for n in range(1000)])
    port = WorkerPort(link, make_worker(), lease_s=12.0)
    await port.register()
    finishes: list[Finish] = []
    for _ in range(600):
        [claimed] = (await port.turn(want=1, finishes=finishes)).claims
        finishes = [Finish(claimed.id, claimed.token, Outcome.OK)]
    await producer.submit(make_step(tenant=TenantId("small")))
    assert await claims_until(port, "small", batch=1) <= (len(bulk) + 1) * (BYPASSES + 1)


async def test_many_bulk_tenants_hold_up_another_by_no_more_than_their_number(link: QueueClient) -> None:
    producer, bulk = Producer(link), [TenantId(f"bulk{number}") for number in range(9)]
    for tenant in bulk:
        await producer.submit_many([make_step(tenant=tenant, created_us=n) for n in range(200)])
    port = WorkerPort(link, make_worker(), lease_s=12.0)
    await port.register()
    for _ in range(10):
        await claims_until(port, bulk[0], batch=1)
        await producer.submit(make_step(tenant=TenantId("small")))
        assert await claims_until(port, "small", batch=1) <= (len(bulk) + 1) * (BYPASSES + 1)
