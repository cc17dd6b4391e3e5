"""Many steps are set right by one look at the queue and one transaction, and those that only wait by none at all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from darkroom_schemas.ids import EventId, JobId, StepId, TenantId, TraceId, UserId, new_uuid7
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepError, StepResult, StepView
from platform_api.domain.assets.signed_urls import UrlSigner
from platform_api.domain.jobs.change import SubmitStep
from platform_api.domain.jobs.ports import JobChanges, StepRef
from platform_api.domain.jobs.submit import submit_job
from platform_api.domain.planning.plan import Plan, PlannedStep
from platform_api.loops.reconciler import Reconciler
from platform_api.loops.wakeup import Wakeup
from support.memory_store import MemoryStore
from support.waiting import until

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
PLAN = Plan("test", (PlannedStep("ollama_chat", {}, price_mc=100),))


class World:
    """Jobs of one step in the memory store, a queue with the steps that a test sets, and counts of the questions."""

    def __init__(self, store: MemoryStore, urls: UrlSigner) -> None:
        self.store, self.looks, self.transactions = store, list[int](), 0
        self.rounds, self.asked = 0, list[tuple[datetime, datetime | None]]()
        self.unreadable = set[StepId]()
        self._urls, self._refs, self._views = urls, list[StepRef](), dict[StepId, StepView]()
        self.reconciler = Reconciler(
            stale=self, jobs_transaction=self._transaction, queue=self, event_log=self, consumer=self, urls=urls,
            clock=lambda: NOW, wakeup=Wakeup(), relay_wakeup=Wakeup(), claim_round=self._claim_round,
            claim_old_round=self._claim_old_round, waits=(),
        )  # fmt: skip

    async def _claim_round(self) -> bool:
        return True

    async def _claim_old_round(self) -> bool:
        self.rounds += 1
        return self.rounds % 15 == 0

    async def job(self, here: JobStatus, there: JobStatus | None) -> JobId:
        user_id = UserId(new_uuid7())
        self.store.balances[user_id] = 1000
        await submit_job(
            PLAN, user_id=user_id, trace_id=TraceId("0" * 32), idempotency=None, render=lambda job, _: job.id,
            jobs=self.store, backlog=self, max_depth=0, urls=self._urls, clock=lambda: NOW,
        )  # fmt: skip
        job_id = next(reversed(self.store.states))
        step_id = StepId(f"{job_id}:1:00")
        self._refs.append(StepRef(step_id, job_id, here))
        if there is not None:
            started = {"started_at_ms": NOW_MS, "worker_id": "w"} if there is not JobStatus.QUEUED else {}
            self._views[step_id] = StepView(
                id=step_id, job_id=job_id, tenant=TenantId(user_id), status=there, attempt=1, max_attempts=3,
                queued_at_ms=NOW_MS, **started,
                result=StepResult(text="golden") if there is JobStatus.COMPLETED else None,
                error=StepError(code="timeout", message="slow") if there is JobStatus.FAILED else None,
            )  # fmt: skip
        return job_id

    def status(self, job_id: JobId) -> JobStatus:
        return JobStatus(self.store.states[job_id].job.status)

    async def pending(self, before: datetime, submitted_after: datetime | None = None) -> AsyncIterator[list[StepRef]]:
        self.asked.append((before, submitted_after))
        yield self._refs

    async def revoked(self, _: datetime) -> AsyncIterator[list[StepRef]]:
        yield []

    async def read_many(self, step_ids: Sequence[StepId]) -> list[StepView | None]:
        self.looks.append(len(step_ids))
        if self.unreadable & set(step_ids):
            raise ValueError("what the queue says of a step cannot be read")
        return [self._views.get(step_id) for step_id in step_ids]

    async def cancel(self, step_id: StepId, *, reason: str) -> None:
        raise AssertionError(f"{step_id} must not be cancelled: {reason}")

    async def tail(self) -> EventId:
        return EventId(0, 1, 0, 0)

    async def passed(self, mark: EventId) -> None:
        assert mark == await self.tail()

    async def queued(self) -> dict[str, int]:
        return {}

    def add(self, _: str) -> None:
        return None

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[JobChanges]:
        self.transactions += 1
        yield self.store


@pytest.fixture
def world(memory_store: MemoryStore, urls: UrlSigner) -> World:
    return World(memory_store, urls)


async def test_steps_that_still_wait_or_run_cost_one_look_and_no_transaction(world: World) -> None:
    for _ in range(50):
        await world.job(JobStatus.QUEUED, JobStatus.QUEUED)
        await world.job(JobStatus.RUNNING, JobStatus.RUNNING)
    await world.reconciler.reconcile_stale_steps(everything=False)
    assert (world.looks, world.transactions) == ([100], 0)


async def test_all_that_the_queue_reports_is_applied_in_one_transaction(world: World) -> None:
    sent = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.RUNNING)
    jobs = [await world.job(JobStatus.QUEUED, there) for there in sent * 10]
    await world.reconciler.reconcile_stale_steps(everything=False)
    assert [world.status(job_id) for job_id in jobs] == list(sent * 10)
    assert (world.looks, world.transactions) == ([40], 1)


async def test_lost_steps_are_submitted_again_in_one_transaction(world: World) -> None:
    jobs = [await world.job(JobStatus.QUEUED, None) for _ in range(10)]
    world.store.outbox.clear()
    await world.reconciler.reconcile_stale_steps(everything=False)
    submitted = [item.step.job_id for item in world.store.outbox if isinstance(item, SubmitStep)]
    assert sorted(submitted) == sorted(jobs)
    assert (world.looks, world.transactions) == ([10], 1)


async def test_a_step_that_cannot_be_read_leaves_no_other_unchecked(world: World) -> None:
    jobs = [await world.job(JobStatus.QUEUED, JobStatus.COMPLETED) for _ in range(5)]
    world.unreadable = {StepId(f"{jobs[2]}:1:00")}
    await world.reconciler.reconcile_stale_steps(everything=False)
    expected = [JobStatus.QUEUED if job_id == jobs[2] else JobStatus.COMPLETED for job_id in jobs]
    assert [world.status(job_id) for job_id in jobs] == expected


async def test_a_round_checks_only_steps_that_became_stale_and_every_15th_all_stale_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform_api.loops.reconciler.EVERY_S", 0.0)
    running = asyncio.create_task(world.reconciler.run())

    async def half_an_hour() -> bool:
        return len(world.asked) > 30

    await until(half_an_hour)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    stale = NOW - timedelta(minutes=10)
    newly = (stale, stale - timedelta(minutes=3))
    assert world.asked[:31] == [(NOW, None), *[newly] * 14, (stale, None), *[newly] * 14, (stale, None)]
