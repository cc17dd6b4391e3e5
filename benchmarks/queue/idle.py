"""An idle queue: how soon a submitted job starts, and what a queued job weighs in Redis."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

from programs import Client, PeerSpec, worker
from protocol import BULK, FLIGHT
from server import Server

GAP_S = 0.02
WARM_UP = 10
PAYLOAD_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the call that submits a job to its start."""

    p50_ms: float
    p99_ms: float


async def measure_latency(server: Server, peer: PeerSpec, samples: int) -> Latency:
    """Submit jobs one at a time to an idle worker; the first ones only warm it up."""
    await server.flush()
    async with worker(peer, server.url) as program, Client(peer, server.url) as client:
        await client.say(way="stamps", n=WARM_UP, job="stamp", gap_s=GAP_S)
        for _ in range(WARM_UP):
            await program.hear()
        await client.hear()
        await client.say(way="stamps", n=samples, job="stamp", gap_s=GAP_S)
        waits = [float((await program.hear())["latency_s"]) * 1000 for _ in range(samples)]
    cuts = quantiles(waits, n=100)
    return Latency(cuts[49], cuts[98])


async def measure_bytes(server: Server, peer: PeerSpec, jobs: int) -> float:
    """Return the bytes of Redis memory that a queued job with a payload of 1 KiB takes."""
    await server.flush()
    async with Client(peer, server.url) as client:
        await client.enqueue(1)
        before = await server.memory()
        await client.enqueue(jobs, way=BULK if client.has_bulk else FLIGHT, pad=PAYLOAD_BYTES - 30)
        return (await server.memory() - before) / jobs


async def measure(
    server: Server, peers: list[PeerSpec], *, rounds: int, samples: int, jobs: int, tell: Callable[[str], None]
) -> tuple[dict[str, Latency], dict[str, float]]:
    """Measure the latency of all peers, in rounds, and their memory once, which does not vary."""
    seen: dict[str, list[Latency]] = {peer.name: [] for peer in peers}
    weights = {}
    for number in range(rounds):
        for peer in peers:
            tell(f"idle latency, round {number + 1} of {rounds}: {peer.name}")
            seen[peer.name].append(await measure_latency(server, peer, samples))
    for peer in peers:
        tell(f"memory: {peer.name}")
        weights[peer.name] = await measure_bytes(server, peer, jobs)
    return {name: _middle(goes) for name, goes in seen.items()}, weights


def _middle(goes: list[Latency]) -> Latency:
    return Latency(median(go.p50_ms for go in goes), median(go.p99_ms for go in goes))
