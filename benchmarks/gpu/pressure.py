"""SDXL, Qwen and WAN in turn on a small card: a ballast leaves as much memory as the card would have."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gpu_worker.runtime.messages import StepDone, StepFailure
from lab import Ran
from results import Figure, compared, skipped
from setting import NEEDS_CUDA, Setting
from work import GIB

CARDS_GIB = (24, 16, 12)
_TINY_LIMIT_GIB = 0.65
"""On a CPU the worker's own limit stands for the ballast: one tiny model fits at a time."""
_ROUNDS = 3
_BALLAST_LIMIT_S = 60


async def in_turn(card_gib: int, setting: Setting) -> AsyncIterator[Figure]:
    """Run SDXL, Qwen and WAN three times on one size of card. The planner must find a way for each."""
    name = f"{card_gib} GiB"
    if setting.has_cuda:
        await setting.end_shared()
        async with ballast(card_gib * GIB) as free:
            yield Figure(f"{name}: free beside the ballast", round(free / GIB, 2), "GiB")
            async for figure in _rounds(setting, name, None):
                yield figure
    elif card_gib == min(CARDS_GIB):
        async for figure in _rounds(setting, f"limit of {_TINY_LIMIT_GIB} GiB", _TINY_LIMIT_GIB):
            yield figure
    else:
        yield skipped(f"{name}: SDXL, Qwen and WAN in turn", f"{NEEDS_CUDA}: main memory takes no ballast")


async def _rounds(setting: Setting, name: str, budget_gb: float | None) -> AsyncIterator[Figure]:
    async with setting.own_lab(budget_gb=budget_gb) as lab:
        work = {"SDXL": setting.work.images(steps=2), "Qwen": setting.work.prompt(), "WAN": setting.work.video(steps=2)}
        seconds: dict[str, list[str]] = {what: [] for what in work}
        ways: dict[str, set[str]] = {what: set() for what in work}
        rounds = _ROUNDS if setting.has_cuda else 1
        for _ in range(rounds):
            for what, payload in work.items():
                ran = await lab.run(payload)
                if isinstance(ran.outcome, StepDone):
                    seconds[what].append(f"{ran.seconds:.1f}")
                ways[what].add(_way(ran))
        for what in work:
            took = seconds[what]
            yield compared(f"{name}: {what}", " / ".join(took), "s", f"{rounds} done", met=len(took) == rounds)
            yield Figure(f"{name}: {what}, placement", "; ".join(sorted(ways[what])))
        yield Figure(f"{name}: loads", len(lab.observer.loads))
        losses = len(lab.observer.losses)
        yield compared(f"{name}: losses of the process", losses, "", "0", met=losses == 0)


def _way(ran: Ran) -> str:
    """Say how a step ran, or why it did not."""
    if isinstance(ran.outcome, StepFailure):
        return f"failed: {ran.outcome.message}"
    if not ran.files:
        return "no files" if not isinstance(ran.outcome, StepDone) else "text"
    recipe = ran.files[0].recipe
    return f"{recipe.placement}{', tiled' if recipe.tiled else ''}, batch of {recipe.batch_shape[0]}"


@asynccontextmanager
async def ballast(left_bytes: int) -> AsyncIterator[int]:
    """Hold the GPU's memory but for `left_bytes`; yields what is free in fact."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("ballast.py")), str(left_bytes),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if process.stdin is None or process.stdout is None:
        raise AssertionError("the ballast has no pipes")
    try:
        async with asyncio.timeout(_BALLAST_LIMIT_S):
            free = int(await process.stdout.readline())
        yield free
    finally:
        process.stdin.close()
        await process.wait()
