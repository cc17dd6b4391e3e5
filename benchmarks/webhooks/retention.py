"""Old deliveries deleted in batches while new ones are delivered."""

import asyncio
from dataclasses import dataclass
from time import perf_counter

from darkroom_chassis.database import Database
from latency import Delays, steady
from lists import filled
from stage import Stage
from webhook_dispatcher.store.retention import delete_excess

KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Retention:
    """Deliveries deleted a second, and the delays of new ones without and with it."""

    rows: int
    per_second: float
    alone: Delays
    beside: Delays


async def measure(stage: Stage, rows: int, *, seconds: float) -> Retention:
    """Deliver 50 events a second, alone and while all but the last deliveries of a full log are deleted."""
    await filled(stage, rows)
    alone = await steady(stage, per_second=50, seconds=seconds)
    database = Database(stage.database_url, application="bench-retention", pool_size=2)
    try:
        deleting = asyncio.create_task(_timed(database))
        beside = await steady(stage, per_second=50, seconds=seconds)
        deleted, took_s = await deleting
    finally:
        await database.close()
    return Retention(deleted, deleted / took_s, alone, beside)


async def _timed(database: Database) -> tuple[int, float]:
    began = perf_counter()
    deleted = await delete_excess(database, kept=KEPT)
    return deleted, perf_counter() - began
