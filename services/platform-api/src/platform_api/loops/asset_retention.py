"""Deletes the bytes of removed assets, and removes expired assets."""

import asyncio

from darkroom_chassis.logs import get_logger

from platform_api.domain.assets.ports import AssetRemoval, ObjectDeletions, Objects
from platform_api.domain.assets.retention import Retention
from platform_api.domain.clock import Clock
from platform_api.domain.errors import StoreUnavailable
from platform_api.loops.wakeup import Wakeup
from platform_api.metrics import ASSETS_EXPIRED, OBJECTS_DELETED

log = get_logger(__name__)
BATCH = 200
RETENTION_EVERY_S = 600.0
POLL_S = 30.0
"""Interval of polling for deletions scheduled by a replica that crashed, and for failed ones."""


class AssetRetention:
    """Runs in every replica. Replicas claim different objects; removing an asset is idempotent."""

    def __init__(
        self,
        deletions: ObjectDeletions,
        objects: Objects,
        removal: AssetRemoval,
        retention: Retention,
        *,
        clock: Clock,
        wakeup: Wakeup,
    ) -> None:
        self._deletions, self._objects, self._removal, self._retention = deletions, objects, removal, retention
        self._clock, self._wakeup = clock, wakeup

    async def run(self) -> None:
        """Delete the bytes of removed assets until cancelled."""
        while True:
            try:
                while await self.delete_batch():
                    pass
            except StoreUnavailable as error:
                log.warning("Objects cannot be deleted now and will be retried", reason=str(error))
            await self._wakeup.wait(POLL_S)

    async def run_retention(self) -> None:
        """Remove expired assets every ten minutes until cancelled."""
        while True:
            await self.remove_expired()
            await asyncio.sleep(RETENTION_EVERY_S)

    async def remove_expired(self) -> None:
        """Remove all expired assets, in batches, so that locks are held briefly."""
        now = self._clock()
        for step_type in await self._removal.step_types():
            kept_since = self._retention.kept_since(step_type, now)
            if kept_since is None:
                continue
            while removed := await self._removal.remove_older(step_type, kept_since, limit=BATCH):
                ASSETS_EXPIRED.inc(removed)
                log.info("Expired assets were removed", step_type=step_type, count=removed)
            self._wakeup.wake()

    async def delete_batch(self) -> bool:
        """Delete one batch of objects; return whether there may be more."""
        async with self._deletions.batch(BATCH) as keys:
            await self._objects.delete(keys)
        OBJECTS_DELETED.inc(len(keys))
        return len(keys) == BATCH
