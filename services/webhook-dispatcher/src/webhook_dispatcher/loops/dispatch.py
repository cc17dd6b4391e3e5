"""Sends due deliveries concurrently and records the outcomes."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import ITEMS_REJECTED

from webhook_dispatcher.domain.delivery import UNREADABLE_SECRET, Attempted, DueDelivery, judge
from webhook_dispatcher.domain.ports import DueDeliveries, Sender
from webhook_dispatcher.metrics import ATTEMPT_SECONDS, ATTEMPTS

log = get_logger(__name__)
LONGEST_WAIT = timedelta(seconds=2)
"""Polling interval, by which deliveries stored by other replicas are found."""


class DispatchLoop:
    """Runs up to `concurrency` attempts at a time. `waits` are the errors of an unavailable database."""

    def __init__(
        self,
        deliveries: DueDeliveries,
        sender: Sender,
        arrived: asyncio.Event,
        *,
        schedule_s: tuple[float, ...],
        concurrency: int,
        waits: tuple[type[Exception], ...],
    ) -> None:
        self._deliveries, self._sender, self._arrived = deliveries, sender, arrived
        self._schedule_s, self._concurrency, self._waits = schedule_s, concurrency, waits
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Dispatch until cancelled. Attempts in progress are then completed and recorded."""
        try:
            while True:
                self._arrived.clear()
                taken = await self._deliveries.take_due(self._concurrency - len(self._under_way))
                for delivery in taken:
                    task = asyncio.create_task(self._attempt(delivery))
                    self._under_way.add(task)
                    task.add_done_callback(self._ended)
                await self._wait(found_all=len(self._under_way) < self._concurrency)
        finally:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._arrived.set()  # its retry may be due before the time for which the loop waits
        if not task.cancelled() and (error := task.exception()):
            outage = isinstance(error, self._waits)
            level = logging.WARNING if outage else logging.ERROR
            sentence = "An attempt could not be recorded and will be repeated"
            log.log(level, sentence, reason=type(error).__name__, exc_info=None if outage else error)

    async def _wait(self, *, found_all: bool) -> None:
        """Wait for the end of an attempt, or, if no delivery is due, for the next due time or a new delivery."""
        if not found_all:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return
        due = await self._deliveries.next_due()
        wait = LONGEST_WAIT if due is None else min(LONGEST_WAIT, due - datetime.now(UTC))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.01, wait.total_seconds())):
                await self._arrived.wait()

    async def _attempt(self, delivery: DueDelivery) -> None:
        attempted = await self._send(delivery)
        made = delivery.attempts + 1
        verdict = judge(attempted, attempts_made=made, schedule_s=self._schedule_s, now=datetime.now(UTC))
        await self._deliveries.record(delivery, attempted, verdict)
        ATTEMPTS.labels("delivered" if attempted.delivered else "failed").inc()
        ATTEMPT_SECONDS.observe(attempted.duration_s)
        log.info(
            "Webhook attempted", endpoint_id=delivery.endpoint_id, message_id=delivery.message_id, attempt=made,
            status=attempted.status, failure=attempted.error, outcome=verdict.status,
        )  # fmt: skip

    async def _send(self, delivery: DueDelivery) -> Attempted:
        """Make the attempt. Any error counts as a failed attempt, so that it is not repeated at once."""
        if delivery.secret is None:
            log.error("A webhook cannot be signed: its secret was encrypted with another SECRETS_KEY",
                      endpoint_id=delivery.endpoint_id)  # fmt: skip
            return Attempted(None, UNREADABLE_SECRET, 0.0)
        try:
            return await self._sender.send(delivery, delivery.secret)
        except Exception as error:
            log.exception("An attempt failed unexpectedly", endpoint_id=delivery.endpoint_id, delivery_id=delivery.id)
            ITEMS_REJECTED.labels("dispatch", type(error).__name__).inc()
            return Attempted(None, type(error).__name__, 0.0)
