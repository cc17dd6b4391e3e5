"""Repairs differences between PostgreSQL and Redis: old steps regularly, all steps at start and after a gap."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol

from darkroom_chassis.isolation import Isolation
from darkroom_chassis.logs import get_logger
from darkroom_redis import RedisUnavailable
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, StepId
from darkroom_schemas.status import ACTIVE, JobStatus
from darkroom_schemas.step import StepView

from platform_api.domain.clock import Clock
from platform_api.domain.jobs.apply_step_events import apply_step_events, events_of
from platform_api.domain.jobs.change import SubmitStep
from platform_api.domain.jobs.ports import JobsTransaction, StaleSteps, StepRef
from platform_api.domain.jobs.steps import step_submission
from platform_api.domain.jobs.view import AssetUrls
from platform_api.loops.wakeup import Wakeup
from platform_api.metrics import STEPS_RECONCILED

log = get_logger(__name__)
EVERY_S, OLD_EVERY_S = 60.0, 900.0
"""Interval of the rounds, and of those that include the steps which were checked before."""
STALE_AFTER = timedelta(minutes=10)
NEWLY_STALE = timedelta(minutes=3)
"""Longer than the interval, so that a missed round skips no step."""
REVOKED_WITHIN = timedelta(minutes=30)
"""A worker that missed a cancellation has reached the step's timeout by then."""
CATCH_UP_S = 30.0


class StepStates(Protocol):
    """The queue's view of steps."""

    async def read_many(self, step_ids: Sequence[StepId]) -> list[StepView | None]: ...

    async def cancel(self, step_id: StepId, *, reason: str) -> object: ...


class LogTail(Protocol):
    """The end of the event log."""

    async def tail(self) -> EventId: ...


class AppliedEvents(Protocol):
    """Lets a caller wait for events that have not been applied yet."""

    async def passed(self, mark: EventId) -> None: ...


class EventsPending(Exception):
    """The event log holds events that have not been applied yet, so the database cannot be compared with the queue."""


class Reconciler:
    """Compares steps with the queue, a few hundred at a time. Runs are idempotent."""

    def __init__(
        self,
        *,
        stale: StaleSteps,
        jobs_transaction: JobsTransaction,
        queue: StepStates,
        event_log: LogTail,
        consumer: AppliedEvents,
        urls: AssetUrls,
        clock: Clock,
        wakeup: Wakeup,
        relay_wakeup: Wakeup,
        claim_round: Callable[[], Awaitable[bool]],
        claim_old_round: Callable[[], Awaitable[bool]],
        waits: tuple[type[Exception], ...],
    ) -> None:
        self._isolation = Isolation("reconciler", (RedisUnavailable, EventsPending, *waits))
        self._stale, self._unit_of_work, self._queue, self._log = stale, jobs_transaction, queue, event_log
        self._consumer, self._urls, self._clock = consumer, urls, clock
        self._wakeup, self._relay_wakeup = wakeup, relay_wakeup
        self._claim_round, self._claim_old_round = claim_round, claim_old_round  # one replica runs each round
        # At start, too: a replica that should have checked all steps after a gap may have crashed.
        self._everything = True

    async def run(self) -> None:
        """Check steps once they are pending for ten minutes and then every 15; check all at start and when woken.

        Raises the errors of unavailable servers, and `EventsPending` while the consumer is too far behind. The next run
        repeats the check.
        """
        while True:
            if self._everything or await self._claim_old_round():
                await self.reconcile_stale_steps(everything=self._everything)
            elif await self._claim_round():
                await self.reconcile_newly_stale_steps()
            self._everything = False
            self._everything = await self._wakeup.wait(EVERY_S)

    async def reconcile_stale_steps(self, *, everything: bool) -> None:
        """Check the steps pending for over ten minutes, or all active steps and recently revoked ones."""
        now = self._clock()
        async for refs in self._stale.pending(now if everything else now - STALE_AFTER):
            await self._each(refs, self._compare)
        if everything:
            async for refs in self._stale.revoked(now - REVOKED_WITHIN):
                await self._each(refs, self._revoke)
        self._relay_wakeup.wake()

    async def reconcile_newly_stale_steps(self) -> None:
        """Check the steps pending for ten to thirteen minutes."""
        stale = self._clock() - STALE_AFTER
        async for refs in self._stale.pending(stale, submitted_after=stale - NEWLY_STALE):
            await self._each(refs, self._compare)
        self._relay_wakeup.wake()

    async def _each(self, refs: Sequence[StepRef], check: Callable[[Sequence[StepRef]], Awaitable[None]]) -> None:
        """Check steps together; if that fails, check each alone, so that one step cannot block the others."""
        try:
            await check(refs)
        except self._isolation.waits:
            raise
        except Exception:
            log.exception("Steps cannot be reconciled together; retrying each alone", steps=len(refs))
            for ref in refs:
                await self._isolation.attempt(partial(check, [ref]), _leave, step_id=ref.id)

    async def _compare(self, refs: Sequence[StepRef]) -> None:
        """Update steps from the queue's state. Steps that are unchanged need no transaction."""
        views = await self._queue.read_many([ref.id for ref in refs])
        known = [(ref, view) for ref, view in zip(refs, views, strict=True) if view is not None]
        if updates := [event for ref, view in known if _may_change(ref, view) for event in events_of(view)]:
            await self._apply_states(updates)
        if lost := [ref for ref, view in zip(refs, views, strict=True) if view is None]:
            await self._resubmit(lost)

    async def _apply_states(self, events: Sequence[Event]) -> None:
        async with self._unit_of_work() as jobs:
            changes = await apply_step_events(events, jobs=jobs, urls=self._urls)
        applied = {change.source_event_id for change in changes}
        for step_id in sorted({event.step_id for event in events if event.id in applied and event.step_id}):
            log.warning("A step was updated from the queue's state", step_id=step_id)
            STEPS_RECONCILED.labels("updated").inc()

    async def _resubmit(self, refs: Sequence[StepRef]) -> None:
        """Submit steps that the queue does not have, unless their end is in the log and not yet applied."""
        tail = await self._log.tail()
        try:
            async with asyncio.timeout(CATCH_UP_S):
                await self._consumer.passed(tail)
        except TimeoutError:
            raise EventsPending(f"events before {tail} are still being applied") from None
        lost = {ref.id for ref in refs}
        async with self._unit_of_work() as jobs:
            states = await jobs.load({ref.job_id for ref in refs})
            steps = [
                (state.job, step)
                for state in states.values()
                for step in state.steps
                if step.id in lost and step.status in ACTIVE
            ]
            await jobs.enqueue([(job, SubmitStep(step_submission(job, step))) for job, step in steps])
        for _, step in steps:
            log.warning("A step that the queue does not have was submitted again", step_id=step.id)
            STEPS_RECONCILED.labels("resubmitted").inc()

    async def _revoke(self, refs: Sequence[StepRef]) -> None:
        for view in await self._queue.read_many([ref.id for ref in refs]):
            if view is not None and view.status in ACTIVE:
                await self._queue.cancel(view.id, reason="the job has ended")
                log.warning("A step of an ended job was cancelled", step_id=view.id)
                STEPS_RECONCILED.labels("revoked").inc()


async def _leave(_: Exception) -> None:
    """Leave the step unchanged; it is checked again a minute later."""


def _may_change(ref: StepRef, view: StepView) -> bool:
    """Return False for a step that is running in the database and active in the queue: there is nothing to apply."""
    return ref.status is not JobStatus.RUNNING or view.status not in ACTIVE
