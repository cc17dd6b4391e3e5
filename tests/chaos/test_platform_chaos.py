"""Short form in every test run; CHAOS_MINUTES (as in `make chaos`) makes it long. CHAOS_SEED repeats a run's faults."""

import os
from pathlib import Path

from .platform_run import PlatformRun

MINUTES = float(os.environ.get("CHAOS_MINUTES", "0"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
ORDERS, STRIKES = (round(500 * MINUTES), round(10 * MINUTES)) if MINUTES else (100, 4)


async def test_every_accepted_job_ends_once_is_paid_once_and_reported_once_after_any_kill(tmp_path: Path) -> None:
    run = PlatformRun(tmp_path, SEED, ORDERS, STRIKES)
    assert await run.run() == [], f"seed {SEED}; struck: {' '.join(run.struck)}"
    assert run.accepted > ORDERS / 2
