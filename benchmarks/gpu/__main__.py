"""`make bench-gpu`: the acceptance of a card. Every check runs in GPU processes of its own, and each is isolated."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import faults
import outputs
import pressure
import report
import speed
import torch
import typer
import weights
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.runtime.quiet_libraries import silence_model_libraries
from gpu_worker.settings import ModelSettings
from results import Figure, Result, Status, run_check, summary
from rich.console import Console
from setting import Setting
from work import Work

MakeCheck = Callable[[Setting], AsyncIterator[Figure]]
CHECKS: dict[str, MakeCheck] = {
    "outputs": outputs.loads_and_outputs,
    "stops": faults.stops,
    "memory": faults.memory_runs_out,
    "assert": faults.device_assert,
    "step-times": speed.step_times,
    **{f"in-turn-{card}": partial(pressure.in_turn, card) for card in pressure.CARDS_GIB},
    "overhead": speed.overhead,
    "full-steps": outputs.full_steps,
}
"""In the order of what an operator needs first, since the time is limited."""
_GRACE_S = 60.0
"""What a check that has begun may take beyond the limit of the run."""


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(CHECKS)}. Repeatable.")] = None,
    tiny: Annotated[bool, typer.Option(help="A dry run on the CPU with tiny models.")] = False,
    write: Annotated[bool, typer.Option(help="Write docs/benchmarks/gpu.md.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the results as JSON, after each check.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to write random weights, up to 38 GB.")] = None,
    minutes: Annotated[float, typer.Option(help="Start no check after so many minutes.")] = 9.0,
) -> None:
    """Measure, print the tables, and exit with 1 if a check failed."""
    if unknown := set(only or CHECKS) - set(CHECKS):
        raise typer.BadParameter(f"there is no check {', '.join(sorted(unknown))}")
    if not tiny and not torch.cuda.is_available():
        raise typer.BadParameter("torch finds no CUDA GPU here; --tiny runs the checks dry on the CPU")
    if write and tiny:
        raise typer.BadParameter("a dry run is not a result of a card: --write needs one")
    # The GPU processes must not reach for the hub: weights are on this machine, or random.
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    silence_model_libraries()
    started = time.monotonic()
    console = Console(width=160)
    names = [name for name in CHECKS if name in (only or CHECKS)]
    with tempfile.TemporaryDirectory(prefix="bench-gpu-", dir=folder) as temporary:
        place, device = Path(temporary), "cpu" if tiny else "cuda"
        profile = load_profile("tiny" if tiny else "full", preload=())
        random: tuple[str, ...] = ()
        if not tiny:
            profile, random = weights.provide(profile, ModelSettings.load().models_dir, place, device)
            torch.cuda.empty_cache()
            took_s = time.monotonic() - started
            console.print(f"Weights are ready after {took_s:.0f} s; random: {', '.join(random) or 'none'}")
        setting = Setting(Work(profile, tiny), place, place / "models", device)
        facts, results = report.machine(device), list[Result]()

        def keep(result: Result) -> None:
            results.append(result)
            report.show(console, result)
            if out is not None:
                out.write_text(report.to_json(results, facts, random))

        asyncio.run(_run_all(names, setting, started + minutes * 60, keep))
        if write:
            report.write_page(results, facts, random)
    counts = summary(results)
    console.print(f"{counts}, {time.monotonic() - started:.0f} s in all")
    if counts[Status.FAILED.value]:
        raise typer.Exit(1)


async def _run_all(names: Sequence[str], setting: Setting, until: float, keep: Callable[[Result], None]) -> None:
    """Run the checks in order. One that fails ends the process that it shared, which may be the cause."""
    for name in names:
        left_s = until - time.monotonic()
        if left_s <= 0:
            keep(Result(name, error="not run: the time is up (--minutes)"))
            continue
        result = await run_check(name, partial(CHECKS[name], setting), min(left_s + _GRACE_S, setting.limit_s))
        keep(result)
        if result.status is Status.FAILED:
            await setting.end_shared()
    await setting.end_shared()


if __name__ == "__main__":
    typer.run(main)
