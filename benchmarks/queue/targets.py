"""The targets, each beside what was measured in the same run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from engine import Engine
from faults import OURS_SHORT
from programs import BULLMQ, OURS
from protocol import BULK, FLIGHT, ONE
from results import NOT_PYTHON, Results
from throughput import Cost, Throughput


@dataclass(frozen=True, slots=True)
class Target:
    """One target and how it went."""

    name: str
    wanted: str
    measured: str
    met: bool


def _at_least(name: str, wanted: float, found: float) -> Target:
    return Target(name, f"≥ {wanted:g}x", f"{found:.2f}x", found >= wanted)


def _at_most(name: str, wanted: float, found: float | None, unit: str) -> Target:
    if found is None:
        return Target(name, f"≤ {wanted:,.4g} {unit}", "not in the time waited", False)
    return Target(name, f"≤ {wanted:,.4g} {unit}", f"{found:,.3g} {unit}" if found < 100 else f"{found:,.0f} {unit}",
                  found <= wanted)  # fmt: skip


def _rate(cost: Cost) -> float:
    return cost.rate


def _ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """Return the median of the rounds' ratios: a slow minute of the machine slows both sides of a round."""
    return median(this / that for this, that in zip(these, those, strict=False))


def judge(results: Results) -> list[Target]:
    """Return the targets that the run measured."""
    targets: list[Target] = []
    if OURS.name in results.throughput:
        targets += _against_peers(results.throughput)
    if OURS.name in results.latency:
        targets += _idle(results)
    if results.engine is not None:
        targets += _engine(results.engine)
    if OURS.name in results.notice_s:
        targets += [
            _at_most("A dead worker noticed, by default", 15, results.notice_s[OURS.name], "s"),
            _at_most("A dead worker noticed, with a lease of 2 s", 3, results.notice_s[OURS_SHORT], "s"),
            _at_most("Consuming again after Redis is back", 2, results.return_s[OURS.name], "s"),
        ]
    return targets


def _against_peers(found: dict[str, Throughput]) -> Iterator[Target]:
    ours = found[OURS.name]
    others = {name: peer for name, peer in found.items() if name != OURS.name}
    if bullmq := others.get(BULLMQ.name):
        one, flight = ours.enqueue[ONE], ours.enqueue[FLIGHT]
        its_one, its_flight = bullmq.enqueue[ONE], bullmq.enqueue[FLIGHT]
        yield _at_least("Enqueue one by one, against BullMQ", 1.5, _ratio(one.rates, its_one.rates))
        yield _at_least("Enqueue, 50 in flight, against BullMQ", 2, _ratio(flight.rates, its_flight.rates))
        ratio = _ratio(its_flight.client_us, flight.client_us)
        yield _at_least("Enqueue, 50 in flight, a client-CPU second, against BullMQ", 3, ratio)
    if bulk := [peer.enqueue[BULK] for peer in others.values() if BULK in peer.enqueue]:
        best = max(bulk, key=_rate)
        yield _at_least("Enqueue in bulk, against the best peer", 3.5, _ratio(ours.enqueue[BULK].rates, best.rates))
    if bullmq:
        ratio = _ratio(ours.best_work.rates, bullmq.best_work.rates)
        yield _at_least("Process, one worker, against BullMQ", 2.5, ratio)
    if python := [peer.best_work for name, peer in others.items() if name not in NOT_PYTHON]:
        ratio = _ratio(ours.best_work.rates, max(python, key=_rate).rates)
        yield _at_least("Process, one worker, against the best Python peer", 8, ratio)
    yield _at_most("Redis CPU of a step's whole life, 50 in flight", 40, ours.life_us, "µs")


def _idle(results: Results) -> Iterator[Target]:
    ours = results.latency[OURS.name]
    if others := [peer.p50_ms for name, peer in results.latency.items() if name != OURS.name]:
        yield _at_most("Idle submit→start p50, the best peer's", min(others), ours.p50_ms, "ms")
    yield _at_most("Idle submit→start p99, twice the p50", 2 * ours.p50_ms, ours.p99_ms, "ms")
    yield _at_most("Redis memory of a queued step with 1 KiB", 1650, results.bytes_queued[OURS.name], "bytes")


def _engine(engine: Engine) -> Iterator[Target]:
    small, large = engine.grid[0], engine.grid[-1]
    yield _at_most(f"Keys that outlive a drain of {engine.growth.steps:,}", 0, engine.growth.lasting_keys, "keys")
    text = (f"Claim at {large.classes:,} classes and {large.queued:,} queued, "
            f"against {small.classes:,} and {small.queued:,}")  # fmt: skip
    yield Target(text, "≤ 1.5x", f"{large.claim_us / small.claim_us:.2f}x", large.claim_us <= 1.5 * small.claim_us)
    yield _at_most("Redis time of a queued step's cancel", 100, large.cancel_us, "µs")
    yield _at_most("Cancel reaches a running step, p99", 1, engine.cancel_reach_s, "s")
    yield Target("Throughput that AOF everysec costs", "≤ 20 %", f"{engine.aof_share:.0%}", engine.aof_share <= 0.2)
