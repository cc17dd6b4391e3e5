"""What is measured of one server."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from clients import Crowd
from servers import Contender, QueueApi, serving, settle


@dataclass(slots=True)
class Found:
    """Of one server: CPU µs a delivered frame by connections, frames a second, bytes a connection, and delays."""

    name: str
    cpu_us: dict[int, float] = field(default_factory=dict)
    rate: float = 0.0
    connection_bytes: float = 0.0
    p99_ms: float = 0.0
    stalled_ratio: float | None = None
    resumed_s: float | None = None


async def measure(kind: type[Contender], redis_url: str, folder: Path, *, crowds: tuple[int, ...], events: int,
                  note: Callable[[str], None]) -> Found:  # fmt: skip
    """Measure everything of one server."""
    found = Found(kind.name)
    async with serving(kind, redis_url, folder) as server:
        before, crowd = server.memory(), Crowd()
        for number in crowds:
            note(f"{kind.name}: {number:,} connections")
            await server.join(crowd, number - len(crowd.clients))
            await settle()
            if not found.connection_bytes:
                found.connection_bytes = (server.memory() - before) / number
            await _burst(server, crowd, 5)  # warms up
            cpu_s, rate = await _burst(server, crowd, events)
            found.cpu_us[number] = 1e6 * cpu_s / (events * number)
            found.rate = max(found.rate, rate)
        await crowd.close()
        crowd = Crowd()
        await server.join(crowd, crowds[0])
        await settle()
        found.p99_ms = await _steady_p99(server, crowd)
        if kind is QueueApi:
            note(f"{kind.name}: a client that does not read")
            found.stalled_ratio = await _beside_a_stalled_one(server, crowd, found.p99_ms)
            await crowd.close()
            note(f"{kind.name}: {crowds[0]:,} clients come back at once")
            began = perf_counter()
            await server.join(Crowd(), crowds[0], at_once=crowds[0])
            found.resumed_s = perf_counter() - began
    return found


async def _burst(server: Contender, crowd: Crowd, events: int) -> tuple[float, float]:
    """Publish events as fast as they can be delivered; return CPU seconds and frames a second."""
    crowd.expect(events * len(crowd.clients))
    cpu_s, began = server.cpu_s(), perf_counter()
    await server.publish(events)
    async with asyncio.timeout(300):
        await crowd.complete.wait()
    return server.cpu_s() - cpu_s, crowd.received / (perf_counter() - began)


async def _steady_p99(server: Contender, crowd: Crowd, seconds: int = 10) -> float:
    """Return the 99th percentile of the delay in ms, at one event a second for all."""
    crowd.expect(seconds * len(crowd.clients))
    delays: list[float] = []
    for _ in range(seconds):
        await server.publish(1)
        await asyncio.sleep(1)
    async with asyncio.timeout(30):
        await crowd.complete.wait()
    delays = sorted(crowd.delays_ms)
    return delays[int(0.99 * (len(delays) - 1))]


async def _beside_a_stalled_one(server: Contender, crowd: Crowd, alone_ms: float) -> float:
    """Return the others' 99th percentile while one does not read, relative to that without it."""
    crowd.clients.pop().transport.pause_reading()
    return await _steady_p99(server, crowd) / alone_ms
