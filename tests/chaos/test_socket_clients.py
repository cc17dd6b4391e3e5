"""Short form in every test run; CHAOS_MINUTES (as in `make chaos`) makes it long. CHAOS_SEED repeats a run's faults."""

import os
from pathlib import Path

from .socket_run import CLIENTS, SocketRun

MINUTES = float(os.environ.get("CHAOS_MINUTES", "0"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
JOBS, STRIKES = (round(600 * MINUTES), round(12 * MINUTES)) if MINUTES else (120, 4)


async def test_no_client_misses_an_event_or_receives_one_twice_after_any_kill(tmp_path: Path) -> None:
    run = SocketRun(tmp_path, SEED, JOBS, STRIKES)
    assert await run.run() == [], f"seed {SEED}; struck: {' '.join(run.struck)}"
    assert run.connections > 2 * CLIENTS
