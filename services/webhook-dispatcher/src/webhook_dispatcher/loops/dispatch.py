"""Sends due deliveries concurrently and records the outcomes."""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import ITEMS_REJECTED
from darkroom_chassis.tracing import SpanKind, start_span
from darkroom_schemas.ids import TenantId

from webhook_dispatcher.domain.delivery import UNREADABLE_SECRET, Attempted, DueDelivery, Outcome, judge
from webhook_dispatcher.domain.ports import DueDeliveries, Sender
from webhook_dispatcher.loops.recorder import Recorder
from webhook_dispatcher.metrics import ATTEMPT_SECONDS, ATTEMPTS

log = get_logger(__name__)
LONGEST_WAIT_S = 2.0
"""Polling interval, by which deliveries stored by other replicas are found."""
SHORTEST_WAIT_S = 0.01


class DispatchLoop:
    """Runs up to `concurrency` attempts at a time, of one tenant up to `per_tenant`.

    `waits` are the errors of an unavailable database.
    """

    def __init__(
        self,
        deliveries: DueDeliveries,
        sender: Sender,
        arrived: asyncio.Event,
        *,
        schedule_s: tuple[float, ...],
        concurrency: int,
        per_tenant: int,
        waits: tuple[type[Exception], ...],
    ) -> None:
        self._deliveries, self._sender, self._arrived = deliveries, sender, arrived
        self._recorder, self._waits = Recorder(deliveries, waits), waits
        self._schedule_s, self._concurrency, self._per_tenant = schedule_s, concurrency, per_tenant
        self._under_way: set[asyncio.Task[None]] = set()
        self._running: Counter[TenantId] = Counter()

    async def run(self) -> None:
        """Dispatch until cancelled. Attempts in progress are then completed and recorded."""
        try:
            while True:
                if len(self._under_way) >= self._concurrency:
                    await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                self._arrived.clear()
                if not await self._start_due():
                    await self._wait()
        finally:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _start_due(self) -> int:
        free = self._concurrency - len(self._under_way)
        taken = await self._deliveries.take_due(free, per_tenant=self._per_tenant, running=self._running)
        for delivery in taken:
            self._running[delivery.tenant] += 1
            task = asyncio.create_task(self._attempt(delivery))
            self._under_way.add(task)
            task.add_done_callback(partial(self._ended, delivery.tenant))
        return len(taken)

    def _ended(self, tenant: TenantId, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._running[tenant] -= 1
        if not self._running[tenant]:
            del self._running[tenant]
        self._arrived.set()  # its retry may be due before the time for which the loop waits
        if not task.cancelled() and (error := task.exception()):
            outage = isinstance(error, self._waits)
            level = logging.WARNING if outage else logging.ERROR
            sentence = "An attempt could not be recorded and will be repeated"
            log.log(level, sentence, reason=type(error).__name__, exc_info=None if outage else error)

    async def _wait(self) -> None:
        """Wait for the next due time, a new delivery, or the end of an attempt."""
        if self._arrived.is_set():
            return
        due_in_s = await self._deliveries.wait_s(per_tenant=self._per_tenant, running=self._running)
        wait_s = LONGEST_WAIT_S if due_in_s is None else min(LONGEST_WAIT_S, due_in_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(SHORTEST_WAIT_S, wait_s)):
                await self._arrived.wait()

    async def _attempt(self, delivery: DueDelivery) -> None:
        made = delivery.attempts + 1
        span = start_span(
            "POST",
            SpanKind.CLIENT,
            parent=delivery.traceparent,
            attributes={
                "http.request.method": "POST",
                "http.request.resend_count": delivery.attempts,
                "server.address": urlsplit(delivery.url).hostname or "",
                "messaging.message.id": delivery.message_id,
                "darkroom.webhook.event": delivery.event_type,
                "darkroom.webhook.endpoint": delivery.endpoint_id,
            },
        )
        attempted = await self._send(replace(delivery, traceparent=span.traceparent))
        if attempted.status is not None:
            span.set("http.response.status_code", attempted.status)
        span.end(error=attempted.error)
        schedule_s = delivery.schedule_s or self._schedule_s
        verdict = judge(attempted, attempts_made=made - delivery.replayed_from, schedule_s=schedule_s)
        await self._recorder.record(Outcome(delivery, attempted, verdict))
        ATTEMPTS.labels("delivered" if attempted.delivered else "failed").inc()
        ATTEMPT_SECONDS.observe(attempted.duration_s)
        log.info(
            "Webhook attempted", endpoint_id=delivery.endpoint_id, message_id=delivery.message_id, attempt=made,
            status=attempted.status, failure=attempted.error, outcome=verdict.status,
            **({"trace_id": span.trace_id} if span.trace_id else {}),
        )  # fmt: skip

    async def _send(self, delivery: DueDelivery) -> Attempted:
        """Make the attempt. Any error counts as a failed attempt, so that it is not repeated at once."""
        if delivery.credentials is None:
            log.error("A webhook cannot be signed: its secret was encrypted with another SECRETS_KEY",
                      endpoint_id=delivery.endpoint_id)  # fmt: skip
            return Attempted(None, UNREADABLE_SECRET, 0.0)
        try:
            return await self._sender.send(delivery, delivery.credentials)
        except Exception as error:
            log.exception("An attempt failed unexpectedly", endpoint_id=delivery.endpoint_id, delivery_id=delivery.id)
            ITEMS_REJECTED.labels("dispatch", type(error).__name__).inc()
            return Attempted(None, type(error).__name__, 0.0)
