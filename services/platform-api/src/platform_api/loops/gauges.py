"""Publishes the platform's backlog as metrics. All processes that run the loops publish the same numbers."""

import asyncio

from darkroom_schemas.status import ACTIVE

from platform_api import metrics
from platform_api.domain.log.backlog import MeasureBacklog

EVERY_S = 15.0


async def publish_regularly(backlog: MeasureBacklog) -> None:
    """Measure every 15 s until cancelled."""
    while True:
        now = await backlog.measure()
        metrics.OUTBOX_ROWS.set(now.outbox_rows)
        metrics.OUTBOX_AGE_SECONDS.set(now.outbox_age_s)
        metrics.OUTBOX_REJECTED.set(now.outbox_rejected)
        metrics.CREDITS_RESERVED.set(now.reserved_mc / 1000)
        for status in ACTIVE:
            metrics.JOBS_ACTIVE.labels(status.value).set(now.jobs.get(status.value, 0))
        await asyncio.sleep(EVERY_S)
