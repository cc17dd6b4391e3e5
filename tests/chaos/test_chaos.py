"""Short form in every test run; CHAOS_MINUTES (as in `make chaos`) makes it long. CHAOS_SEED repeats a run's faults."""

import os
from pathlib import Path

import pytest

from .chaos_run import ChaosRun

MINUTES = float(os.environ.get("CHAOS_MINUTES", "0"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
VARIANTS = ("always", "everysec")


@pytest.mark.parametrize("fsync", VARIANTS if MINUTES else VARIANTS[:1])
async def test_every_accepted_step_ends_once_whatever_breaks(tmp_path: Path, fsync: str) -> None:
    seconds, workers = (MINUTES * 60 / len(VARIANTS), 20) if MINUTES else (8.0, 5)
    run = ChaosRun(tmp_path, SEED, seconds, workers, fsync)
    assert await run.run() == [], f"seed {SEED}; struck: {' '.join(run.struck)}"
    assert run.accepted
