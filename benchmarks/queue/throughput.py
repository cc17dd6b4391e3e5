"""How fast each peer enqueues and processes, and what it costs the client and Redis: rounds in turn, medians."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from programs import Client, PeerSpec, worker
from protocol import BULK, FLIGHT, ONE
from server import Server

WARM_UP = 200


@dataclass(slots=True)
class Cost:
    """Medians over the rounds, of one measure: jobs a second, and microseconds a job of the client and of Redis."""

    rates: list[float] = field(default_factory=list)
    client_us: list[float] = field(default_factory=list)
    redis_us: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return median(self.rates)

    @property
    def client(self) -> float:
        return median(self.client_us)

    @property
    def redis(self) -> float:
        return median(self.redis_us)


@dataclass(slots=True)
class Throughput:
    """What was measured of one peer. `work` is by concurrency; `bulk` is empty if the peer has no batch call."""

    enqueue: dict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))
    work: dict[int, Cost] = field(default_factory=lambda: defaultdict(Cost))

    @property
    def best_work(self) -> Cost:
        return max(self.work.values(), key=lambda cost: cost.rate)

    @property
    def life_us(self) -> float:
        """Redis CPU of a job from its submission, 50 in flight, to its end."""
        return self.enqueue[FLIGHT].redis + self.best_work.redis

    @property
    def bulk_life_us(self) -> float:
        """The same with the cheapest way to submit."""
        return min(cost.redis for cost in self.enqueue.values()) + self.best_work.redis


async def measure_round(server: Server, peer: PeerSpec, found: Throughput, jobs: int) -> None:
    """Enqueue in every way, and let a worker drain it at each concurrency."""
    ways = [(FLIGHT,), (ONE, BULK)]
    for concurrency, together in zip(peer.concurrencies, ways, strict=True):
        await server.flush()
        queued = WARM_UP
        async with Client(peer, server.url) as client:
            await client.enqueue(WARM_UP, way=FLIGHT)
            for way in together:
                n = jobs // 4 if way == ONE else jobs
                if way == BULK and not client.has_bulk:
                    continue
                before = await server.cpu_s()
                said = await client.enqueue(n, way=way)
                _note(found.enqueue[way], n, said, await server.cpu_s() - before)
                queued += n
        before = await server.cpu_s()
        async with worker(peer, server.url, concurrency=concurrency, expected=queued) as program:
            said = await program.hear()
            _note(found.work[concurrency], queued, said, await server.cpu_s() - before)


def _note(cost: Cost, n: int, said: dict[str, float], redis_s: float) -> None:
    cost.rates.append(said["n"] / said["wall_s"])
    cost.client_us.append(said["cpu_s"] / said["n"] * 1e6)
    cost.redis_us.append(redis_s / n * 1e6)


async def measure(
    server: Server, peers: list[PeerSpec], *, rounds: int, share: float, tell: Callable[[str], None]
) -> dict[str, Throughput]:
    """Measure all peers, one round of each after the other, so that a noisy minute hits all of them."""
    found = {peer.name: Throughput() for peer in peers}
    for number in range(rounds):
        for peer in peers:
            tell(f"throughput, round {number + 1} of {rounds}: {peer.name}")
            await measure_round(server, peer, found[peer.name], max(200, round(peer.jobs * share)))
    return found
