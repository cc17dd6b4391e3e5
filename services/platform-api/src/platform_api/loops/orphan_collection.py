"""Deletes stored objects that no asset refers to, left by workers that were killed or could not delete them."""

import asyncio
from datetime import timedelta

from darkroom_chassis.logs import get_logger

from platform_api.domain.assets.ports import Folders, OrphanScans
from platform_api.domain.clock import Clock
from platform_api.domain.errors import StoreUnavailable
from platform_api.metrics import OBJECTS_DELETED

log = get_logger(__name__)
BATCH = 100
EVERY_S = 600.0
LEAST_AGE = timedelta(days=1)
"""Younger objects may belong to a new run of the job."""


class OrphanCollector:
    """Runs in every replica. Replicas claim different jobs."""

    def __init__(self, checks: OrphanScans, folders: Folders, *, clock: Clock) -> None:
        self._checks, self._folders, self._clock = checks, folders, clock

    async def run(self) -> None:
        """Scan every ten minutes until cancelled."""
        while True:
            try:
                while await self.collect_batch():
                    pass
            except StoreUnavailable as error:
                log.warning("Orphaned objects cannot be deleted now; retrying in a day", reason=str(error))
            await asyncio.sleep(EVERY_S)

    async def collect_batch(self) -> bool:
        """Scan one batch of jobs; return whether any had ended, in which case there may be more."""
        async with self._checks.batch(BATCH) as ended:
            for job_id, named in ended.items():
                old = await self._folders.keys(job_id, stored_before=self._clock() - LEAST_AGE)
                leftovers = [key for key in old if key not in named]
                await self._folders.delete(leftovers)
                OBJECTS_DELETED.inc(len(leftovers))
        return bool(ended)
