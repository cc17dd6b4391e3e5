"""The store in memory, on which unit tests rely, and the one in PostgreSQL behave alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest
from darkroom_chassis.database import Database
from darkroom_chassis.idempotency import IdempotencyKey, KeyReused
from darkroom_schemas.events import Event
from darkroom_schemas.ids import JobId, TenantId, TraceId, UserId, new_uuid7
from darkroom_schemas.status import JobStatus
from platform_api.domain.answers import Answer
from platform_api.domain.assets.signed_urls import UrlSigner
from platform_api.domain.errors import JobFinished, NotEnoughCredits, NotFound, UnknownUser
from platform_api.domain.jobs.apply_step_events import apply_step_events
from platform_api.domain.jobs.cancel import cancel_job
from platform_api.domain.jobs.ports import JobChanges, JobSubmissions
from platform_api.domain.jobs.retry import retry_job
from platform_api.domain.jobs.submit import submit_job
from platform_api.domain.planning.from_catalogue import JobRequest, plan_job
from platform_api.domain.planning.plan import Plan, PlannedStep
from platform_api.migrations import MIGRATIONS
from platform_api.store.accounts.accounts import PostgresAccounts
from platform_api.store.jobs.changes import jobs_transaction
from platform_api.store.jobs.submissions import PostgresSubmissions
from support.memory_store import MemoryStore

NOW = datetime(2026, 11, 21, tzinfo=UTC)
URLS = UrlSigner("s" * 32, "https://darkroom.example")


class NoBacklog:
    async def queued(self) -> dict[str, int]:
        return {}

    def add(self, step_type: str) -> None:
        return None


class Store(Protocol):
    @property
    def submissions(self) -> JobSubmissions: ...

    def changes(self) -> AbstractAsyncContextManager[JobChanges]: ...

    async def user(self, balance_mc: int) -> UserId: ...

    async def balance(self, user_id: UserId) -> int: ...


@dataclass
class InMemory:
    submissions: MemoryStore

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[JobChanges]:
        yield self.submissions

    async def user(self, balance_mc: int) -> UserId:
        user_id = UserId(new_uuid7())
        self.submissions.balances[user_id] = balance_mc
        return user_id

    async def balance(self, user_id: UserId) -> int:
        return int(self.submissions.balances[user_id])


class InPostgres:
    def __init__(self, database: Database) -> None:
        self.submissions = PostgresSubmissions(database)
        self.changes = jobs_transaction(database)
        self._accounts = PostgresAccounts(database)

    async def user(self, balance_mc: int) -> UserId:
        return (await self._accounts.open(new_uuid7(), balance_mc))[0]

    async def balance(self, user_id: UserId) -> int:
        user = await self._accounts.user(user_id)
        assert user is not None
        return user.balance_mc


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, memory_store: MemoryStore) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield InMemory(memory_store)
        return
    database = Database(request.getfixturevalue("make_database")(MIGRATIONS.upgrade), application="test", pool_size=2)
    yield InPostgres(database)
    await database.close()


async def submit(
    store: Store,
    user_id: UserId,
    key: IdempotencyKey | None = None,
    body: str = "answer",
    plan: Plan | None = None,
) -> Answer:
    return await submit_job(
        plan or plan_job(JobRequest("image_fast", prompt="a boat")),
        user_id=user_id,
        trace_id=TraceId("0" * 32),
        idempotency=key,
        render=lambda job, _: f"{body} {job.id}",
        jobs=store.submissions,
        backlog=NoBacklog(),
        max_depth=0,
        urls=URLS,
        clock=lambda: NOW,
    )


def job_in(answer: Answer) -> JobId:
    return JobId(answer.body.split()[-1])


def event(job_id: JobId, kind: str, id_: str, **data: Any) -> Event:
    return Event(
        id=id_,
        type=kind,
        job_id=job_id,
        step_id=f"{job_id}:1:00",
        tenant=TenantId("t"),
        at_ms=1_800_000_000_000,
        data=data,
    )


ERROR = {"error": {"code": "timeout", "message": "too slow"}}


async def test_accepting_takes_the_price(store: Store) -> None:
    user_id = await store.user(700)
    await submit(store, user_id)
    assert await store.balance(user_id) == 200
    with pytest.raises(NotEnoughCredits) as refusal:
        await submit(store, user_id)
    assert (refusal.value.price_mc, refusal.value.balance_mc) == (500, 200)
    assert await store.balance(user_id) == 200


async def test_unknown_user_is_refused(store: Store) -> None:
    with pytest.raises(UnknownUser):
        await submit(store, UserId(new_uuid7()))


async def test_key_replays_its_answer_and_refuses_another_request(store: Store) -> None:
    user_id = await store.user(500)
    first = await submit(store, user_id, IdempotencyKey("k", "f"))
    again = await submit(store, user_id, IdempotencyKey("k", "f"))
    assert (again.body, again.replayed) == (first.body, True)
    with pytest.raises(KeyReused):
        await submit(store, user_id, IdempotencyKey("k", "another"))
    assert await store.balance(user_id) == 0


@pytest.mark.parametrize("odd", ["\0", "\ud800"])
async def test_job_that_cannot_be_stored_stops_none_that_come_with_it(store: Store, odd: str) -> None:
    users = [await store.user(500) for _ in range(9)]
    unstorable = replace(plan_job(JobRequest("image_fast", prompt="a boat")), parameters={"odd": odd})
    plans = [unstorable if number == 4 else None for number in range(9)]
    answers = await asyncio.gather(
        *(submit(store, user_id, plan=plan) for user_id, plan in zip(users, plans, strict=True)),
        return_exceptions=True,
    )
    del answers[4]
    assert {type(answer) for answer in answers} == {Answer}


async def test_accepted_job_can_be_loaded_as_it_was_planned(store: Store) -> None:
    user_id = await store.user(500)
    job_id = job_in(await submit(store, user_id))
    async with store.changes() as jobs:
        state = (await jobs.load([job_id, JobId(new_uuid7())]))[job_id]
    assert state.job.status is JobStatus.QUEUED
    assert state.job.created_at == NOW
    [step] = state.steps
    assert step.submitted_at == NOW
    assert step.payload["seeds"] == state.job.parameters["seeds"]


async def test_failure_gives_the_price_back_once(store: Store) -> None:
    user_id = await store.user(500)
    job_id = job_in(await submit(store, user_id))
    for id_ in ("0-1-1-1", "0-1-1-1", "0-1-1-2"):
        async with store.changes() as jobs:
            await apply_step_events([event(job_id, "step.failed", id_, **ERROR)], jobs=jobs, urls=URLS)
    assert await store.balance(user_id) == 500


async def test_batch_applies_in_order_and_remembers_its_sources(store: Store) -> None:
    user_id = await store.user(500)
    job_id = job_in(await submit(store, user_id))
    batch = [event(job_id, "step.started", "0-1-1-1", worker_id="w"), event(job_id, "step.failed", "0-1-1-2", **ERROR)]
    async with store.changes() as jobs:
        changes = await apply_step_events([*batch, *batch], jobs=jobs, urls=URLS)
    assert [change.history.event for change in changes] == ["node_started", "error"]
    async with store.changes() as jobs:
        pairs = [(job_id, "0-1-1-1"), (job_id, "0-1-1-9")]
        assert await jobs.applied(pairs) == {(job_id, "0-1-1-1")}


async def test_event_of_a_job_that_is_not_ours_is_ignored(store: Store) -> None:
    stranger = JobId(new_uuid7())
    async with store.changes() as jobs:
        foreign = replace_step(event(stranger, "step.failed", "0-1-1-1", **ERROR), "given-straight-to-the-queue")
        assert await apply_step_events([foreign], jobs=jobs, urls=URLS) == []


async def test_cancelling_is_for_the_owner_and_for_jobs_that_run(store: Store) -> None:
    user_id = await store.user(1000)
    cancelled, failed = [job_in(await submit(store, user_id)) for _ in range(2)]
    async with store.changes() as jobs:
        with pytest.raises(NotFound):
            await cancel_job(cancelled, UserId(new_uuid7()), "", jobs=jobs, urls=URLS, now=NOW)
        job = await cancel_job(cancelled, user_id, "enough", jobs=jobs, urls=URLS, now=NOW)
        assert job.status is JobStatus.CANCELLED
    async with store.changes() as jobs:
        assert (await cancel_job(cancelled, user_id, "again", jobs=jobs, urls=URLS, now=NOW)).history_seq == 2
        await apply_step_events([event(failed, "step.failed", "0-1-1-3", **ERROR)], jobs=jobs, urls=URLS)
        with pytest.raises(JobFinished):
            await cancel_job(failed, user_id, "", jobs=jobs, urls=URLS, now=NOW)
    assert await store.balance(user_id) == 1000


def replace_step(sent: Event, step_id: str) -> Event:
    return sent.model_copy(update={"step_id": step_id, "job_id": step_id})


async def test_new_run_is_paid_from_the_balance_or_not_begun(store: Store) -> None:
    user_id = await store.user(500)
    job_id = job_in(await submit(store, user_id))
    async with store.changes() as jobs:
        await cancel_job(job_id, user_id, "enough", jobs=jobs, urls=URLS, now=NOW)
    async with store.changes() as jobs:
        job = await retry_job(job_id, user_id, jobs=jobs, urls=URLS, now=NOW)
    assert (job.run, job.status) == (2, JobStatus.QUEUED)
    assert await store.balance(user_id) == 0
    async with store.changes() as jobs:
        await cancel_job(job_id, user_id, "enough", jobs=jobs, urls=URLS, now=NOW)
    assert await store.balance(user_id) == 500
    await submit(store, user_id)
    with pytest.raises(NotEnoughCredits):
        async with store.changes() as jobs:
            await retry_job(job_id, user_id, jobs=jobs, urls=URLS, now=NOW)
    async with store.changes() as jobs:
        state = (await jobs.load([job_id]))[job_id]
    assert (state.job.run, state.job.status) == (2, JobStatus.CANCELLED)


async def test_item_that_was_captured_is_known_in_the_next_run(store: Store) -> None:
    user_id = await store.user(1000)
    plan = Plan("two", tuple(PlannedStep("ollama_chat", {}, price_mc=100, needs=()) for _ in range(2)))
    job_id = job_in(await submit(store, user_id, plan=plan))
    done = event(job_id, "step.completed", "0-1-1-1", result={"text": "golden"})
    failed = event(job_id, "step.failed", "0-1-1-2", **ERROR).model_copy(update={"step_id": f"{job_id}:1:01"})
    async with store.changes() as jobs:
        await apply_step_events([done, failed], jobs=jobs, urls=URLS)
    async with store.changes() as jobs:
        await retry_job(job_id, user_id, jobs=jobs, urls=URLS, now=NOW)
    assert await store.balance(user_id) == 800
    async with store.changes() as jobs:
        state = (await jobs.load([job_id]))[job_id]
    assert state.captured == {"00:text"}
    assert [step.status for step in state.steps] == [JobStatus.QUEUED, JobStatus.QUEUED]
    assert [step.run for step in state.steps] == [2, 2]
