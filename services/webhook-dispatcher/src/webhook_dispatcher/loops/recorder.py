"""Records the outcomes of attempts, many in one transaction."""

import asyncio
from collections.abc import Sequence

from darkroom_chassis.batcher import Batcher
from darkroom_chassis.logs import get_logger

from webhook_dispatcher.domain.delivery import Outcome
from webhook_dispatcher.domain.ports import DueDeliveries

log = get_logger(__name__)
MAX_BATCH = 200
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
GIVE_UP_AFTER_S = 40.0
"""Shorter than the rest of a lease after the longest attempt: later, the delivery may be attempted again."""


class Recorder:
    """Records outcomes. Waits while the database is unavailable; `waits` are the errors for that."""

    def __init__(self, deliveries: DueDeliveries, waits: tuple[type[Exception], ...]) -> None:
        self._deliveries, self._waits = deliveries, waits
        self._batches = Batcher[Outcome, Exception | None](self._record, max_batch=MAX_BATCH)

    async def record(self, outcome: Outcome) -> None:
        """Record an outcome. Raises what prevents it; the delivery is then attempted again after its lease."""
        clock = asyncio.get_running_loop().time
        until, pause_s = clock() + GIVE_UP_AFTER_S, FIRST_PAUSE_S
        while True:
            error = await self._batches("outcomes", outcome)
            if error is None:
                return
            if not isinstance(error, self._waits) or clock() > until:
                raise error
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _record(self, outcomes: Sequence[Outcome]) -> list[Exception | None]:
        """Record a batch, or one by one what a batch could not, so that one outcome does not hold up the others."""
        error = await self._try(outcomes)
        if error is None or len(outcomes) == 1 or isinstance(error, self._waits):
            return [error] * len(outcomes)
        log.warning("A batch of attempts could not be recorded; each is tried alone", reason=type(error).__name__)
        return [await self._try([outcome]) for outcome in outcomes]

    async def _try(self, outcomes: Sequence[Outcome]) -> Exception | None:
        try:
            await self._deliveries.record(outcomes)
        except Exception as error:  # noqa: BLE001 - returned to the callers, each of which decides
            return error
        return None
