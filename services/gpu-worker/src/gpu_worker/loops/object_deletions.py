"""Deletes what attempts stored in vain: they failed or were stopped, or the queue refused their success."""

import asyncio
from collections.abc import Iterable

from darkroom_chassis.logs import get_logger
from darkroom_queue import Finish, Outcome
from darkroom_schemas.step import StepResult

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import ObjectStore

log = get_logger(__name__)
SETTLE_S = 5.0
"""Time that a stopping worker takes to delete; what is left then, the platform collects."""


class ObjectDeletions:
    """Implements `Deletions`: deletes in the background, since no attempt should wait for it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._keys: asyncio.Queue[str] = asyncio.Queue()

    def discard(self, keys: Iterable[str]) -> None:
        """Delete objects before long."""
        for key in keys:
            self._keys.put_nowait(key)

    def discard_refused(self, finish: Finish) -> None:
        """Delete the outputs of an attempt whose success the queue refused."""
        if finish.outcome is Outcome.OK:
            outputs = StepResult.model_validate_json(finish.data).outputs
            self.discard(key for output in outputs for key in (output.key, output.thumbnail_key) if key)

    async def run(self) -> None:
        """Delete for ever."""
        while True:
            key = await self._keys.get()
            try:
                await self._store.delete(key)
            except Failure as failure:
                log.warning("An object that nobody will ask for stays in the store", reason=failure.message)
            self._keys.task_done()

    async def settle(self) -> None:
        """Wait a little until all is deleted."""
        try:
            async with asyncio.timeout(SETTLE_S):
                await self._keys.join()
        except TimeoutError:
            log.warning("Objects that nobody will ask for stay in the store", objects=self._keys.qsize())
