"""Sets PostgreSQL and Redis right where they disagree: old steps each minute, all at the start and after a gap."""

import asyncio
from datetime import timedelta

from darkroom_chassis.logs import get_logger
from darkroom_queue import EventLog, Producer, QueueUnavailable
from darkroom_schemas.status import ACTIVE
from darkroom_schemas.step import StepView

from platform_api.domain.apply_step_events import apply_step_events, events_of
from platform_api.domain.change import SubmitStep
from platform_api.domain.plan import step_submission
from platform_api.domain.ports import Clock, StaleSteps, StepRef, UnitOfWork
from platform_api.domain.view import AssetUrls
from platform_api.loops.consumer import EventConsumer
from platform_api.loops.doorbell import Doorbell
from platform_api.metrics import STEPS_RECONCILED

log = get_logger(__name__)
EVERY_S = 60.0
STALE_AFTER = timedelta(minutes=10)
REVOKED_WITHIN = timedelta(minutes=30)
"""A worker that missed a cancel has run into its step's timeout by then."""
CATCH_UP_S = 30.0
RETRY_S = 1.0


class Reconciler:
    """Asks the queue for the truth about steps, one by one. Repeating it is harmless."""

    def __init__(
        self,
        *,
        stale: StaleSteps,
        unit_of_work: UnitOfWork,
        producer: Producer,
        event_log: EventLog,
        consumer: EventConsumer,
        urls: AssetUrls,
        clock: Clock,
        bell: Doorbell,
        relay_bell: Doorbell,
    ) -> None:
        self._stale, self._unit_of_work, self._producer, self._log = stale, unit_of_work, producer, event_log
        self._consumer, self._urls, self._clock = consumer, urls, clock
        self._bell, self._relay_bell = bell, relay_bell

    async def run(self) -> None:
        """Look each minute, and at everything at the start and when the bell rings."""
        everything = True  # whoever was to look after a gap may have died before it did
        while True:
            try:
                await self.reconcile(everything=everything)
            except (QueueUnavailable, TimeoutError):
                log.warning("Steps are reconciled later: Redis does not answer, or its log is being caught up with")
                await asyncio.sleep(RETRY_S)
            else:
                everything = await self._bell.wait(EVERY_S)

    async def reconcile(self, *, everything: bool) -> None:
        """Check the steps that are pending for over ten minutes, or all active ones and the recently revoked."""
        now = self._clock()
        async for ref in self._stale.pending(now if everything else now - STALE_AFTER):
            view = await self._producer.read(ref.id)
            if view is None:
                await self._resubmit(ref)
            else:
                await self._retell(view)
        if everything:
            async for ref in self._stale.revoked(now - REVOKED_WITHIN):
                await self._revoke(ref)
        self._relay_bell.ring()

    async def _retell(self, view: StepView) -> None:
        async with self._unit_of_work() as jobs:
            changes = await apply_step_events(list(events_of(view)), jobs=jobs, urls=self._urls)
        if changes:
            log.warning("A step's state was taken from the queue", step_id=view.id, status=view.status)
            STEPS_RECONCILED.labels("retold").inc()

    async def _resubmit(self, ref: StepRef) -> None:
        """Submit a step that the queue does not know, unless its end is in the log and only not applied yet."""
        async with asyncio.timeout(CATCH_UP_S):
            await self._consumer.passed(await self._log.tail())
        async with self._unit_of_work() as jobs:
            state = (await jobs.load([ref.job_id])).get(ref.job_id)
            step = next((step for step in state.steps if step.id == ref.id), None) if state else None
            if state is None or step is None or step.status not in ACTIVE:
                return
            await jobs.enqueue(state.job, [SubmitStep(step_submission(state.job, step))])
        log.warning("A step that the queue does not know is submitted again", step_id=ref.id)
        STEPS_RECONCILED.labels("resubmitted").inc()

    async def _revoke(self, ref: StepRef) -> None:
        view = await self._producer.read(ref.id)
        if view is not None and view.status in ACTIVE:
            await self._producer.cancel(ref.id, reason="the job has ended")
            log.warning("A step of an ended job is cancelled", step_id=ref.id)
            STEPS_RECONCILED.labels("revoked").inc()
