"""Faults on an idle queue: a worker that dies, and a Redis that dies and comes back; all peers wait at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from darkroom_queue import QueueClient, Sweeper
from darkroom_queue.client import DEFAULT_LEASE_S
from programs import OURS, Client, PeerSpec, worker
from server import Server

NOTICE_LIMIT_S = 75.0
RETURN_LIMIT_S = 15.0
OUTAGE_S = 2.0
SETTLE_S = 6.0
SHORT_LEASE_S = 2.0
OURS_SHORT = "darkroom, lease 2 s"


async def notice_death(peer: PeerSpec, lease_s: float | None) -> float | None:
    """Kill a worker in the middle of a job; seconds until a second one runs the job, None if it takes too long."""
    async with Server() as server, worker(peer, server.url, concurrency=1, lease_s=lease_s) as victim:
        async with Client(peer, server.url) as client:
            await client.enqueue(1, job="hang")
        await victim.hear()
        async with _sweeping(peer, server, lease_s), worker(peer, server.url, concurrency=1, lease_s=lease_s) as heir:
            await asyncio.sleep(SETTLE_S)  # a peer's second worker does not report that it is up
            await victim.kill()
            killed = time.monotonic()
            return await _within(heir.hear(limit_s=NOTICE_LIMIT_S), killed)


@asynccontextmanager
async def _sweeping(peer: PeerSpec, server: Server, lease_s: float | None) -> AsyncIterator[None]:
    """Sweep each second beside our workers, as queue-api does wherever ours runs."""
    if peer is not OURS:
        yield
        return
    link = await QueueClient.open(server.url)
    sweeping = asyncio.create_task(Sweeper(link, lease_s=lease_s or DEFAULT_LEASE_S).run())
    try:
        yield
    finally:
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
        await link.close()


async def return_time(peer: PeerSpec) -> float | None:
    """Kill Redis under an idle worker; seconds from its return to the start of a job, None if it takes too long."""
    async with Server(aof=True) as server, worker(peer, server.url) as program:
        async with Client(peer, server.url) as client:
            await client.say(way="stamps", n=1, job="stamp", gap_s=0)
            await program.hear()
        await asyncio.sleep(OUTAGE_S)  # the append-only file is synced every second
        await server.kill()
        await asyncio.sleep(OUTAGE_S)
        await server.start()
        back = time.monotonic()
        async with Client(peer, server.url) as client:
            await client.say(way="stamps", n=1, job="stamp", gap_s=0)
            return await _within(program.hear(limit_s=RETURN_LIMIT_S), back)


async def _within(said: Awaitable[object], since: float) -> float | None:
    try:
        await said
    except (TimeoutError, ChildProcessError):
        return None
    return time.monotonic() - since


async def measure(
    peers: list[PeerSpec], *, tell: Callable[[str], None]
) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """Measure both faults for all peers at once; ours also with a short lease."""
    waits = {peer.name: notice_death(peer, None) for peer in peers}
    if OURS in peers:
        waits[OURS_SHORT] = notice_death(OURS, SHORT_LEASE_S)
    noticing = asyncio.gather(*waits.values())
    await asyncio.sleep(2 * SETTLE_S)  # all of them start on the same few cores
    returns: dict[str, float | None] = {}
    for peer in peers:
        tell(f"workers die; Redis dies and comes back: {peer.name}")
        returns[peer.name] = await return_time(peer)
    tell("a worker dies, and nobody notices yet")
    return dict(zip(waits, await noticing, strict=True)), returns
