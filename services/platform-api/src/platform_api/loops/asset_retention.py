"""Deletes the bytes of removed assets, and removes assets that are not kept any longer."""

import asyncio

from darkroom_chassis.logs import get_logger

from platform_api.domain.assets.ports import AssetRemoval, ObjectDeletions, Objects
from platform_api.domain.assets.retention import Retention
from platform_api.domain.clock import Clock
from platform_api.loops.wakeup import Wakeup
from platform_api.metrics import ASSETS_EXPIRED, OBJECTS_DELETED

log = get_logger(__name__)
BATCH = 200
RETENTION_EVERY_S = 600.0
LOOK_AGAIN_S = 30.0
"""Finds what was ordered by a replica that died, or could not be done at first."""


class AssetRetention:
    """Every replica runs one; they take different objects, and removing an asset twice is harmless."""

    def __init__(
        self,
        doomed: ObjectDeletions,
        objects: Objects,
        removal: AssetRemoval,
        retention: Retention,
        *,
        clock: Clock,
        bell: Wakeup,
    ) -> None:
        self._doomed, self._objects, self._removal, self._retention = doomed, objects, removal, retention
        self._clock, self._bell = clock, bell

    async def run(self) -> None:
        """Delete the bytes of removed assets for ever."""
        while True:
            try:
                while await self.delete_batch():
                    pass
            except OSError as error:
                log.warning("Objects cannot be deleted now and are tried again", reason=type(error).__name__)
            await self._bell.wait(LOOK_AGAIN_S)

    async def run_retention(self) -> None:
        """Remove what is not kept any longer, every ten minutes, for ever."""
        while True:
            await self.remove_expired()
            await asyncio.sleep(RETENTION_EVERY_S)

    async def remove_expired(self) -> None:
        """Remove every asset that is not kept any longer, some at a time, so that nobody waits for long."""
        now = self._clock()
        for step_type in await self._removal.step_types():
            kept_since = self._retention.kept_since(step_type, now)
            if kept_since is None:
                continue
            while removed := await self._removal.remove_older(step_type, kept_since, limit=BATCH):
                ASSETS_EXPIRED.inc(removed)
                log.info("Assets were not kept any longer", step_type=step_type, count=removed)
            self._bell.ring()

    async def delete_batch(self) -> bool:
        """Delete some objects; returns whether there may be more."""
        async with self._doomed.batch(BATCH) as keys:
            await self._objects.delete(keys)
        OBJECTS_DELETED.inc(len(keys))
        return len(keys) == BATCH
