"""Tables that grow with the number of tenants, measurements and ended steps are bounded."""

import pytest
from darkroom_queue import Producer, QueueClient, Sweeper
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.ids import StepId, TenantId
from support.steps import make_step, make_worker

MAX_TENANTS = 10_000
SURPLUS = 300


@pytest.fixture
async def worker(link: QueueClient) -> WorkerPort:
    port = WorkerPort(link, make_worker(), lease_s=12)
    await port.register()
    return port


async def complete(link: QueueClient, worker: WorkerPort, tenant: str = "t1", number: int = 0) -> StepId:
    step = make_step(tenant=TenantId(tenant), created_us=number)
    await Producer(link).submit(step)
    [claim] = (await worker.turn(want=1)).claims
    await worker.turn(want=0, finishes=[Finish(claim.id, claim.token, Outcome.OK)])
    return step.id


async def test_finish_tags_and_debts_of_idle_tenants_are_bounded(link: QueueClient, worker: WorkerPort) -> None:
    await complete(link, worker, "busy")
    [set_] = await link.command("HKEYS", "{darkroom-0}:csd")
    tags, debts = f"{{darkroom-0}}:f:{set_}", f"{{darkroom-0}}:b:{set_}"
    idle = [text for number in range(MAX_TENANTS + SURPLUS) for text in (f"idle{number}", "0")]
    for key in (tags, debts):
        await link.command("HSET", key, *idle)
    await link.command("HSET", tags, "ahead", "1e15")
    await Producer(link).submit(make_step(tenant=TenantId("busy"), created_us=5))
    await Producer(link).submit(make_step(tenant=TenantId("idle7")))
    for _ in range(40):
        await Sweeper(link).sweep()
    assert await link.command("HLEN", tags) == MAX_TENANTS
    assert await link.command("HLEN", debts) <= MAX_TENANTS
    for waiting in ("busy", "idle7"):
        assert await link.command("HEXISTS", tags, waiting) == 1
    assert await link.command("HGET", tags, "ahead") == "1e15", "a tenant that had more than its share keeps its tag"


async def test_a_histogram_halves_when_it_is_full(link: QueueClient, worker: WorkerPort) -> None:
    key = link.keys.service_times(make_step().requirements.type)
    full = [number for bucket in range(40) for number in (bucket, 499)]  # whichever bucket the step's time is in
    await link.command("HSET", key, *full, 60, 1)
    await complete(link, worker)
    counts = {int(bucket): int(count) for bucket, count in (await link.redis_py.hgetall(key)).items()}
    assert sorted(counts) == list(range(40)), "a count of one is gone"
    assert sorted(set(counts.values())) == [249, 250]
    assert sum(counts.values()) == 39 * 249 + 250


async def test_acknowledged_tombstones_expire_after_an_hour(link: QueueClient, worker: WorkerPort) -> None:
    acknowledged, other = await complete(link, worker), await complete(link, worker, number=1)
    await Producer(link).acknowledge_ends([acknowledged, StepId("unknown:1:00")])
    assert 3590 < await link.command("TTL", link.keys.tombstone(acknowledged)) <= 3600
    assert await link.command("TTL", link.keys.tombstone(other)) > 80_000
    assert await Producer(link).read(acknowledged) is not None
    await link.command("EXPIRE", link.keys.tombstone(other), 60)
    await Producer(link).acknowledge_ends([other])
    assert await link.command("TTL", link.keys.tombstone(other)) <= 60, "it never lives longer than before"
