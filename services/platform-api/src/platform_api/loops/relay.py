"""Sends outbox rows to Redis, in order, until each has been accepted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from darkroom_chassis.isolation import Isolation
from darkroom_chassis.logs import get_logger
from darkroom_queue import Producer, QueueError, StepConflict, SubmissionExpired, TooManyClasses
from darkroom_redis import KeyDirectory, RedisUnavailable
from darkroom_schemas.events import Emission, Event, EventType
from darkroom_schemas.ids import EventId, JobId, StepId, TenantId
from darkroom_schemas.step import StepSubmit

from platform_api.domain.jobs.apply_step_events import apply_step_events
from platform_api.domain.jobs.view import AssetUrls
from platform_api.domain.log.outbox import Outbox, OutboxBatch, OutboxBusy, OutboxRow
from platform_api.loops.traces import sending
from platform_api.loops.wakeup import Wakeup
from platform_api.metrics import OUTBOX_RELAYED

log = get_logger(__name__)
BATCH = 200
MAX_DELAY_MS = 10 * 60 * 1000
"""The queue rejects later submissions. Its tombstones live longer, so that a late one cannot repeat a step."""
POLL_S = 1.0
"""Polling interval, for rows of a crashed replica and of operators' commands."""
MIN_INTERVAL_S = 0.03
"""Minimum time between batches: rows written in between share the next one. The first after a pause goes at once."""


class Relay:
    """Runs in every replica. The outbox admits one at a time, which preserves the order of rows."""

    def __init__(
        self,
        outbox: Outbox,
        producer: Producer,
        directory: KeyDirectory,
        *,
        now_ms: Callable[[], Awaitable[int]],
        epoch: Callable[[], Awaitable[int]],
        wakeup: Wakeup,
        urls: AssetUrls,
        waits: tuple[type[Exception], ...],
    ) -> None:
        self._isolation = Isolation("relay", (RedisUnavailable, *waits))
        self._outbox, self._producer, self._directory = outbox, producer, directory
        self._now_ms, self._epoch, self._wakeup, self._urls = now_ms, epoch, wakeup, urls
        self._known_epoch: int | None = None

    async def run(self) -> None:
        """Relay until cancelled. Raises `RedisUnavailable` during an outage; rows stay in the outbox meanwhile."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._publish_keys_of_new_epoch()
                more = await self.relay_batch()
            except OutboxBusy:
                continue
            if not more:
                await self._wakeup.wait(POLL_S)
                await asyncio.sleep(began + MIN_INTERVAL_S - loop.time())

    async def _publish_keys_of_new_epoch(self) -> None:
        """Publish all API keys after a restart of Redis, which may have lost the latest revocations."""
        epoch = await self._epoch()
        if epoch != self._known_epoch:
            await self._outbox.request_all_keys()
            self._known_epoch = epoch

    async def relay_batch(self) -> bool:
        """Relay up to 200 rows; return whether there may be more."""
        try:
            async with self._outbox.batch(BATCH) as batch:
                rows = await self._relay_rows(batch)
        except OutboxBusy:
            raise
        except self._isolation.waits:
            raise
        except Exception:
            log.exception("A batch of the outbox cannot be relayed; retrying each row alone")
            return await self._relay_each_alone()
        return rows == BATCH

    async def _relay_each_alone(self) -> bool:
        async with self._outbox.batch(BATCH) as batch:
            rows = batch.rows
        for row in rows:
            work, reject = partial(self._relay_one, row.id), partial(self._reject, row)
            await self._isolation.attempt(work, reject, outbox_id=row.id, kind=row.kind, job_id=row.job_id)
        return len(rows) == BATCH

    async def _relay_one(self, row_id: int) -> None:
        async with self._outbox.one(row_id) as batch:
            await self._relay_rows(batch)

    async def _reject(self, row: OutboxRow, error: Exception) -> None:
        """Set a row aside, and fail the step that it would have submitted."""
        async with self._outbox.rejecting(row.id, type(error).__name__) as changes:
            if row.kind == "submit" and row.job_id is not None:
                await apply_step_events([_rejection(row, row.job_id, error)], jobs=changes, urls=self._urls)

    async def _relay_rows(self, batch: OutboxBatch) -> int:
        """Relay the rows of a batch and return their number."""
        if not batch.rows:
            return 0
        # Events first: the creation of a job precedes all events of its steps in the log.
        event_ids = await self._emit([row for row in batch.rows if row.kind == "emit"])
        expired, refusals = await self._submit([row for row in batch.rows if row.kind == "submit"])
        cancels = [row.body for row in batch.rows if row.kind == "cancel"]
        await asyncio.gather(*(self._producer.cancel(body["step_id"], reason=body["reason"]) for body in cancels))
        for row in batch.rows:
            if row.kind == "keys":
                await self._publish_keys(row.body["ids"], batch)
        delivered = [row for row in batch.rows if row.id not in expired]
        async with batch.delivering(delivered, event_ids) as changes:
            await apply_step_events(refusals, jobs=changes, urls=self._urls)
        for row in delivered:
            OUTBOX_RELAYED.labels(row.kind).inc()
        return len(batch.rows)

    async def _publish_keys(self, ids: Sequence[str] | None, batch: OutboxBatch) -> None:
        """Publish API keys; with None, replace all published keys by the valid ones."""
        keys = await batch.keys(ids)
        if ids is None:
            await self._directory.replace_all(keys)
        else:
            await self._directory.publish(keys)

    async def _emit(self, rows: Sequence[OutboxRow]) -> dict[int, EventId]:
        emissions = [Emission.model_validate({"outbox_id": row.id, "job_id": row.job_id, **row.body}) for row in rows]
        async with sending(emissions) as traced:
            return dict(zip((row.id for row in rows), await self._producer.emit(traced), strict=True))

    async def _submit(self, rows: Sequence[OutboxRow]) -> tuple[set[int], list[Event]]:
        """Submit the steps.

        Returns the rows that missed their deadline and must be retried with a new one, and the failures of the steps
        that the queue has rejected.
        """
        if not rows:
            return set(), []
        now_ms = await self._now_ms()
        steps = [StepSubmit.model_validate({**row.body, "not_after_ms": now_ms + MAX_DELAY_MS}) for row in rows]
        expired, refused, without_class = set(), [], 0
        async with sending(steps) as traced:
            answers = await self._producer.submit_many(traced)
        for row, step, answer in zip(rows, steps, answers, strict=True):
            match answer:
                case SubmissionExpired():
                    expired.add(row.id)
                case StepConflict():
                    # The id is generated here, so the queue has this step; only its description has changed since.
                    log.warning("A step was already in the queue with a different description", step_id=step.id)
                case TooManyClasses():
                    # Temporary. The reconciler submits steps that the queue does not have, so this row need not block
                    # the following ones.
                    without_class += 1
                case QueueError():
                    log.error("The queue rejected a step", step_id=step.id, reason=str(answer))
                    refused.append(_refusal(row, step, answer, now_ms))
        if without_class:
            log.warning("Steps wait: the queue's limit of requirement classes is reached", steps=without_class)
        return expired, refused


def _rejection(row: OutboxRow, job_id: JobId, error: Exception) -> Event:
    """Return the failure of a step whose submission cannot be parsed."""
    body = row.body if isinstance(row.body, Mapping) else {}
    reason = {"code": "internal_error", "message": f"The step cannot be submitted ({type(error).__name__})."}
    return Event(
        id=f"rejected:{row.id}",
        type=EventType.STEP_FAILED,
        job_id=job_id,
        step_id=StepId(str(body.get("id"))),
        tenant=TenantId(str(body.get("tenant"))),
        at_ms=0,
        data={"error": reason},
    )


def _refusal(row: OutboxRow, step: StepSubmit, error: QueueError, now_ms: int) -> Event:
    reason: dict[str, Any] = {"code": "internal_error", "message": f"The queue rejected the step: {error}."}
    return Event(
        id=f"refused:{row.id}",
        type=EventType.STEP_FAILED,
        job_id=step.job_id,
        step_id=step.id,
        tenant=step.tenant,
        at_ms=now_ms,
        data={"error": reason},
    )
