"""Short form in every test run; CHAOS_MINUTES (as in `make chaos`) makes it long. CHAOS_SEED repeats a run's faults."""

import os
from pathlib import Path

from .webhook_run import WebhookRun

MINUTES = float(os.environ.get("CHAOS_MINUTES", "0"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
EVENTS, STRIKES = (round(10_000 * MINUTES), round(8 * MINUTES)) if MINUTES else (1_500, 5)


async def test_every_event_is_delivered_and_few_twice_after_any_kill(tmp_path: Path) -> None:
    run = WebhookRun(tmp_path, SEED, EVENTS, STRIKES)
    assert await run.run() == [], f"seed {SEED}; struck: {' '.join(run.struck)}"
