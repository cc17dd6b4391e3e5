"""Deletes the outputs of attempts that have no result: they failed, were stopped, or the queue refused their result."""

import asyncio
from collections.abc import Iterable

from darkroom_chassis.logs import get_logger
from darkroom_queue import Finish, Outcome
from darkroom_schemas.step import StepResult

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import ObjectStore

log = get_logger(__name__)
SETTLE_S = 5.0
"""How long a stopping worker waits for deletions, in seconds. The platform collects the objects that remain."""


class ObjectDeletions:
    """Implements `Deletions` with a queue and a background loop, so that no attempt waits for a deletion."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._keys: asyncio.Queue[str] = asyncio.Queue()

    def discard(self, keys: Iterable[str]) -> None:
        """Queue objects for deletion; returns at once."""
        for key in keys:
            self._keys.put_nowait(key)

    def discard_refused(self, finish: Finish) -> None:
        """Queue the outputs of an attempt whose result the queue refused."""
        if finish.outcome is Outcome.OK:
            outputs = StepResult.model_validate_json(finish.data).outputs
            self.discard(key for output in outputs for key in (output.key, output.thumbnail_key) if key)

    async def run(self) -> None:
        """Delete queued objects until cancelled. An object that can't be deleted is logged and skipped."""
        while True:
            key = await self._keys.get()
            try:
                await self._store.delete(key)
            except Failure as failure:
                log.warning("An object without a result could not be deleted", reason=failure.message)
            self._keys.task_done()

    async def settle(self) -> None:
        """Wait until the queue is empty, for at most `SETTLE_S`."""
        try:
            async with asyncio.timeout(SETTLE_S):
                await self._keys.join()
        except TimeoutError:
            log.warning("Objects without a result were not deleted before shutdown", objects=self._keys.qsize())
