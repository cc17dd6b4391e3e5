"""What only ours is measured in: claims among many classes, cancels, growth after a drain, the append-only file."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

from darkroom_queue import Consumer, Producer, QueueClient, StepContext
from darkroom_queue.worker.turn import WorkerPort
from darkroom_schemas.ids import JobId, StepId, TenantId, WorkerId
from darkroom_schemas.step import StepResult, StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements, WorkerInfo
from programs import OURS, Client, worker
from protocol import BULK, FLIGHT
from server import Server

CLAIMS = 300
TENANTS = 100


@dataclass(frozen=True, slots=True)
class ClaimCost:
    """Redis microseconds of a turn that claims one step, and of a cancel, at a number of classes and queued steps."""

    classes: int
    queued: int
    claim_us: float
    cancel_us: float


def _steps(first: int, count: int, classes: int) -> list[StepSubmit]:
    """Make steps of one picture type that spread over classes and tenants."""
    return [
        StepSubmit(
            id=StepId(f"job{n}:1:00"), job_id=JobId(f"job{n}"), tenant=TenantId(f"t{n // classes % TENANTS}"),
            requirements=Requirements(type="picture", models=(f"m{n % classes}",)), payload={"n": n},
            created_us=1_700_000_000_000_000 + n,
        )
        for n in range(first, first + count)
    ]  # fmt: skip


def _worker(classes: int, concurrency: int = 1) -> WorkerInfo:
    models = tuple(f"m{n}" for n in range(classes))
    return WorkerInfo(
        worker_id=WorkerId("w1"), incarnation=f"{time.time_ns():x}", machine_id="m", version="0",
        capabilities=Capabilities(types=("picture",), models=models), concurrency=concurrency,
    )  # fmt: skip


async def claim_cost(server: Server, classes: int, queued: int) -> ClaimCost:
    """Fill the queue, and ask Redis what a claim and a cancel take it; medians of three goes."""
    await server.flush()
    link = await QueueClient.open(server.url)
    try:
        producer, port = Producer(link), WorkerPort(link, _worker(classes), lease_s=60)
        await port.register()
        for first in range(0, queued, 200):
            await producer.submit_many(_steps(first, min(200, queued - first), classes))
        claims, cancels = [], []
        for go in range(3):
            await server.reset_statistics()
            for _ in range(CLAIMS // 3):
                await port.turn(want=1)
            claims.append(await _per_call(server))
            await server.reset_statistics()
            for step in _steps(queued - (go + 1) * 100, 100, classes):
                await producer.cancel(step.id, reason="measured")
            cancels.append(await _per_call(server))
        return ClaimCost(classes, queued, median(claims), median(cancels))
    finally:
        await link.close()


async def _per_call(server: Server) -> float:
    calls, usec = await server.script_us()
    return usec / calls


async def cancel_reach(server: Server, steps: int) -> float:
    """Return the p99 of the seconds from a cancel to the handler's knowing."""
    await server.flush()
    link = await QueueClient.open(server.url)
    started, waits, asked = asyncio.Semaphore(0), list[float](), dict[str, float]()

    async def handle(context: StepContext) -> StepResult:
        started.release()
        await context.stop.wait()
        waits.append(time.monotonic() - asked[context.step.id])
        return StepResult()

    consumer = Consumer(link, _worker(1, concurrency=steps), handle)
    running = asyncio.create_task(consumer.run())
    try:
        batch = _steps(0, steps, 1)
        producer = Producer(link)
        await producer.submit_many(batch)
        for _ in batch:
            await started.acquire()
        for step in batch:
            asked[step.id] = time.monotonic()
            await producer.cancel(step.id, reason="measured")
        consumer.drain(grace_s=5)
        await running
    finally:
        running.cancel()
        await link.close()
    return quantiles(waits, n=100)[98]


@dataclass(frozen=True, slots=True)
class Growth:
    """What a drain leaves: keys without an end, by how many, and bytes a finished step keeps until its record ends."""

    steps: int
    lasting_keys: int
    bytes_each: float


async def growth_after_drain(server: Server, steps: int) -> Growth:
    """Submit and finish steps, and compare what Redis holds with what it held after a first few."""
    await server.flush()
    async with Client(OURS, server.url) as client:
        keys, memory = 0, 0
        for count in (1000, steps):
            keys, memory = await _lasting_keys(server), await server.memory()
            await client.enqueue(count, way=BULK)
            async with worker(OURS, server.url, concurrency=200, expected=count) as program:
                await program.hear(limit_s=600)
                await _drained(server)
    return Growth(steps, await _lasting_keys(server) - keys, (await server.memory() - memory) / steps)


async def _drained(server: Server) -> None:
    """Wait until the worker has reported its last steps."""
    link = await QueueClient.open(server.url)
    producer = Producer(link)
    async with asyncio.timeout(30):
        while (depth := await producer.depth()).queued + depth.running:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)
    await link.close()


async def _lasting_keys(server: Server) -> int:
    """Count the keys without a time to live, a worker's own left out: it is gone by then, and swept later."""
    lasting = 0
    found: list[str] = []
    async for key in server.client.scan_iter(count=1000):
        found.append(key)
        if len(found) == 1000:
            lasting += await _without_end(server, found)
            found.clear()
    return lasting + await _without_end(server, found)


async def _without_end(server: Server, keys: list[str]) -> int:
    async with server.client.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.ttl(key)
        ends = await pipe.execute()
    return sum(1 for key, end in zip(keys, ends, strict=True) if end == -1 and ":wk:" not in key)


async def aof_cost(jobs: int, rounds: int) -> float:
    """Return the share of throughput that the append-only file, synced every second, takes from ours."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for aof in times:
            async with Server(aof=aof) as server:
                async with Client(OURS, server.url) as client:
                    spent = (await client.enqueue(jobs, way=FLIGHT))["wall_s"]
                async with worker(OURS, server.url, concurrency=200, expected=jobs) as program:
                    times[aof].append(spent + (await program.hear())["wall_s"])
    return 1 - median(times[False]) / median(times[True])


@dataclass(frozen=True, slots=True)
class Engine:
    """All that is measured of ours alone."""

    grid: list[ClaimCost]
    cancel_reach_s: float
    growth: Growth
    aof_share: float


async def measure(
    server: Server, *, grid: list[tuple[int, int]], drain: int, share: float, tell: Callable[[str], None]
) -> Engine:
    """Measure ours."""
    costs = []
    for classes, queued in grid:
        tell(f"claims among {classes:,} classes and {queued:,} queued steps")
        costs.append(await claim_cost(server, classes, queued))
    tell("cancels of running steps")
    reach = await cancel_reach(server, 200)
    tell(f"growth after a drain of {drain:,}")
    growth = await growth_after_drain(server, drain)
    tell("the append-only file")
    return Engine(costs, reach, growth, await aof_cost(round(20_000 * share), 3))
