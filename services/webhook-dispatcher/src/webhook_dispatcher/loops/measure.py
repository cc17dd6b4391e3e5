"""Publishes the backlog as metrics. All replicas publish the same numbers."""

import asyncio

from webhook_dispatcher.domain.ports import Measure
from webhook_dispatcher.metrics import BACKLOG_SECONDS, DISABLED, PAUSED, PENDING

EVERY_S = 15.0


async def measure_regularly(backlog: Measure) -> None:
    """Measure every 15 s until cancelled."""
    while True:
        now = await backlog.measure()
        BACKLOG_SECONDS.set(now.late_s)
        PENDING.set(now.pending)
        PAUSED.set(now.paused)
        DISABLED.set(now.disabled)
        await asyncio.sleep(EVERY_S)
