"""Deletes what workers have stored that no asset refers to: they were killed, or could not delete it themselves."""

import asyncio
from datetime import timedelta

from darkroom_chassis.logs import get_logger

from platform_api.domain.assets.ports import Folders, OrphanScans
from platform_api.domain.clock import Clock
from platform_api.metrics import OBJECTS_DELETED

log = get_logger(__name__)
BATCH = 100
EVERY_S = 600.0
LEAST_AGE = timedelta(days=1)
"""Younger objects may be of a run that the job has begun anew."""


class OrphanCollector:
    """Every replica runs one; they take different jobs."""

    def __init__(self, checks: OrphanScans, folders: Folders, *, clock: Clock) -> None:
        self._checks, self._folders, self._clock = checks, folders, clock

    async def run(self) -> None:
        """Look every ten minutes, for ever."""
        while True:
            try:
                while await self.look_over_batch():
                    pass
            except OSError as error:
                log.warning("Leftovers are looked for again a day later", reason=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def look_over_batch(self) -> bool:
        """Look over some jobs; returns whether any had ended, so that there may be more."""
        async with self._checks.batch(BATCH) as ended:
            for job_id, named in ended.items():
                old = await self._folders.keys(job_id, stored_before=self._clock() - LEAST_AGE)
                leftovers = [key for key in old if key not in named]
                await self._folders.delete(leftovers)
                OBJECTS_DELETED.inc(len(leftovers))
        return bool(ended)
