"""The time from an event's emission to its first attempt: at a steady rate, and beside an endpoint that hangs."""

import asyncio
from dataclasses import dataclass

from receiver import receiving
from stage import Stage

TENANTS = 20
QUEUED = 10_000


@dataclass(frozen=True, slots=True)
class Delays:
    """Milliseconds, ascending."""

    ms: tuple[float, ...]

    def at(self, share: float) -> float:
        """Return the delay that so large a share does not exceed."""
        return self.ms[min(len(self.ms) - 1, int(share * len(self.ms)))]


async def steady(stage: Stage, *, per_second: float, seconds: float) -> Delays:
    """Measure at a steady rate."""
    async with receiving() as receiver:
        tenants = [await stage.subscribed(receiver.url) for _ in range(TENANTS)]
        receiver.expect(round(per_second * seconds))
        await stage.emit_evenly(tenants, per_second=per_second, seconds=seconds)
        async with asyncio.timeout(60):
            await receiver.complete.wait()
        return Delays(tuple(sorted(receiver.delays_ms)))


async def beside_a_hanging_one(stage: Stage, *, per_second: float, seconds: float) -> tuple[Delays, Delays]:
    """Measure alone, then while an endpoint that never answers has thousands of deliveries queued."""
    alone = await steady(stage, per_second=per_second, seconds=seconds)
    async with receiving(hangs=True) as silent:
        neighbour = await stage.subscribed(silent.url)
        for _ in range(QUEUED // 500):
            await stage.emit([neighbour] * 500)
        await stage.stored(neighbour, QUEUED)
        beside = await steady(stage, per_second=per_second, seconds=seconds)
        if not silent.connections:
            raise RuntimeError("the hanging endpoint was never tried")
        answer = await neighbour.api.get("/api/webhooks")
        for webhook in answer.raise_for_status().json()["webhooks"]:
            (await neighbour.api.delete(f"/api/webhooks/{webhook['id']}")).raise_for_status()
    return alone, beside
