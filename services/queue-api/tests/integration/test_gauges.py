"""The metrics of queue-api say what the queue holds."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from darkroom_queue import Control, DeadLetters, EventLog, Insight, JobIndex, Meter, Producer, QueueClient, Registry
from prometheus_client import generate_latest
from queue_api.loops.fleet_board import FleetBoard
from queue_api.loops.gauges import UNMEASURED_S, Gauges
from support.queue_api import complete, ended, submit, working
from support.waiting import until

SAMPLE = re.compile(r'^(darkroom_\w+)(?:\{(?:type|state|reader)="([^"]*)"\})? ([0-9.e+-]+)$', re.MULTILINE)
NAMES = ("darkroom_queue_leases", "darkroom_queue_overdue_leases", "darkroom_queue_dead_letters")


@pytest.fixture
async def board(link: QueueClient) -> AsyncIterator[FleetBoard]:
    """Follow the workers."""
    board = FleetBoard(link, Registry(link))
    following = asyncio.create_task(board.run())
    yield board
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


@pytest.fixture
def gauges(link: QueueClient, board: FleetBoard) -> Gauges:
    return Gauges(
        Meter(link),
        producer=Producer(link),
        jobs=JobIndex(link),
        dead_letters=DeadLetters(link),
        insight=Insight(link),
        control=Control(link),
        fleet=board,
    )


async def measured(gauges: Gauges) -> dict[tuple[str, str], float]:
    """Return the metrics of one label or none, by name and label."""
    await gauges.publish()
    text = generate_latest().decode()
    return {(name, label): float(value) for name, label, value in SAMPLE.findall(text)}


async def test_waiting_steps_are_counted_with_their_age_and_their_work(api: httpx.AsyncClient, gauges: Gauges) -> None:
    for _ in range(3):
        await submit(api)

    async def is_indexed() -> bool:
        return (await measured(gauges))["darkroom_queue_oldest_wait_seconds", "simulation"] > 0

    await until(is_indexed, 10)
    found = await measured(gauges)
    assert found["darkroom_queue_waiting_steps", "simulation"] == 3
    assert found["darkroom_queue_work_seconds", "simulation"] == 3 * UNMEASURED_S
    assert found["darkroom_queue_work_upper_seconds", "simulation"] == 3 * UNMEASURED_S
    assert found["darkroom_queue_waiting_steps", "video_fast"] == 0
    assert found["darkroom_redis_memory_bytes", ""] > 100_000


async def test_measured_service_times_replace_the_assumed_one(
    api: httpx.AsyncClient, gauges: Gauges, redis_url: str
) -> None:
    async with working(redis_url, complete):
        for _ in range(6):
            await ended(api, await submit(api), "completed")
    await api.post("/api/queues/pause", json={"job_type": "simulation"})
    await submit(api)
    found = await measured(gauges)
    assert found["darkroom_queue_paused_types", ""] == 1
    assert 0 < found["darkroom_queue_work_seconds", "simulation"] < UNMEASURED_S
    assert (
        found["darkroom_queue_work_upper_seconds", "simulation"] >= found["darkroom_queue_work_seconds", "simulation"]
    )


async def test_workers_are_counted_while_they_live(gauges: Gauges, board: FleetBoard, redis_url: str) -> None:
    async with working(redis_url, complete):
        await until(_has(board, 1), 10)
        assert (await measured(gauges))["darkroom_queue_workers", "idle"] == 1
    await until(_has(board, 0), 10)
    assert (await measured(gauges))["darkroom_queue_workers", "idle"] == 0


async def test_a_reader_that_stops_lags(api: httpx.AsyncClient, gauges: Gauges, link: QueueClient) -> None:
    await submit(api)
    log = EventLog(link, "a-reader")
    await log.read(await log.tail())
    assert (await measured(gauges))["darkroom_queue_log_lag_seconds", "a-reader"] == 0
    last = await log.tail()
    await link.redis_py.hset(link.keys.readers, "a-reader", f"{last.ms - 60_000}\t{last.ms}")
    assert (await measured(gauges))["darkroom_queue_log_lag_seconds", "a-reader"] == 60


@pytest.mark.parametrize("name", NAMES)
async def test_an_idle_queue_has_none(gauges: Gauges, name: str) -> None:
    assert (await measured(gauges))[name, ""] == 0


async def test_a_running_service_publishes_them(api: httpx.AsyncClient) -> None:
    assert 'darkroom_queue_waiting_steps{type="video_fast"}' in (await api.get("/metrics")).text


def _has(board: FleetBoard, number: int) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return len(board.workers) == number

    return check
