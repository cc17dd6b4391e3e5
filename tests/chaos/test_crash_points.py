import os

import pytest
from darkroom_queue import EventLog, Producer, QueueClient
from darkroom_schemas.events import STEP_TERMINAL

from .crash_points import run_scenario

POINTS = int(os.environ.get("CHAOS_CRASH_POINTS", "1000"))
FIRST = int(os.environ.get("CHAOS_SEED", "0"))


@pytest.fixture(autouse=True)
def _no_pause_in_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darkroom_queue.worker.consumer.OUTAGE_PAUSE_S", 0.0)


async def test_no_step_is_lost_and_no_stale_completion_accepted_wherever_a_call_is_cut(
    link: QueueClient, redis_url: str
) -> None:
    faults: list[str] = []
    for seed in range(FIRST, FIRST + POINTS):
        faults += (await run_scenario(link, redis_url, seed)).faults()
    assert faults == []
    depth = await Producer(link).depth()
    assert (depth.queued, depth.running, depth.delayed) == (0, 0, 0)
    ended = [e.step_id for e in await EventLog(link).read(None, count=200_000) if e.type in STEP_TERMINAL]
    assert len(ended) == len(set(ended))
