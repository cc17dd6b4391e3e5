"""Moves the clock by which the queue collects classes of requirements."""

from darkroom_queue import QueueClient, Sweeper

ENOUGH_SWEEPS = 5
"""For few steps and classes: two end a walk through the steps that was under way, two make the next, one collects."""


async def pass_an_hour(link: QueueClient, sweeper: Sweeper, *, sweeps: int = ENOUGH_SWEEPS) -> None:
    """Let what was noted of classes be an hour older, and sweep."""
    meta, used, hour_ms = link.keys.meta, link.keys.meta.removesuffix("meta") + "cu", 3_600_001
    for name in await link.command("ZRANGE", used, 0, -1):
        await link.command("ZINCRBY", used, -hour_ms, name)
    if walk := await link.command("HGET", meta, "walk"):
        began, _, place = walk.partition("\t")
        await link.command("HSET", meta, "walk", f"{int(began) - hour_ms}\t{place}")
    if walked := await link.command("HGET", meta, "walked"):
        await link.command("HSET", meta, "walked", int(walked) - hour_ms)
    for _ in range(sweeps):
        await sweeper.sweep()
