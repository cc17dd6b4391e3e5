"""Writes decided changes of jobs in one transaction, with the jobs' rows locked."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.ids import JobId
from sqlalchemy import bindparam, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.accounts.ledger import LedgerKind
from platform_api.domain.jobs.change import Change, OutboxItem, Restart
from platform_api.domain.jobs.job import Job, JobState
from platform_api.domain.jobs.ports import JobChanges, JobsTransaction
from platform_api.store.accounts.rows import ledger_rows
from platform_api.store.assets.object_deletions import delete_later
from platform_api.store.assets.orphan_scans import scan_later
from platform_api.store.assets.rows import asset_row
from platform_api.store.jobs.retries import write_restart
from platform_api.store.jobs.rows import history_row, job_of, outputs_json, step_of
from platform_api.store.jobs.step_changes import UPDATE_STEP, JobChangedMeanwhile, step_update
from platform_api.store.log.rows import outbox_row
from platform_api.store.tables.accounts import users
from platform_api.store.tables.assets import assets
from platform_api.store.tables.credits import credit_ledger
from platform_api.store.tables.jobs import job_history, jobs, steps
from platform_api.store.tables.log import outbox

_UPDATE_JOB = (
    update(jobs)
    .where(
        jobs.c.id == bindparam("job_id"), jobs.c.run == bindparam("of_run"), jobs.c.status == bindparam("from_status")
    )
    .values(
        {
            name: bindparam(name)
            for name in (
                *("status", "steps_done", "outputs", "text", "error", "reported", "charged_mc", "history_seq"),
                *("updated_at", "started_at", "completed_at"),
            )
        }
    )
)
_UPDATE_USER = (
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(
        balance_mc=users.c.balance_mc + bindparam("released"),
        assets_total=users.c.assets_total + bindparam("added_assets"),
    )
)


class PostgresJobChanges:
    """Implements `JobChanges` on the connection of an open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def load(self, job_ids: Iterable[JobId]) -> dict[JobId, JobState]:
        ids = sorted(set(job_ids))
        if not ids:
            return {}
        # Always in this order, so that transactions that lock several jobs cannot deadlock.
        locked = select(jobs).where(jobs.c.id.in_(ids)).order_by(jobs.c.id).with_for_update()
        found = {row["id"]: job_of(row) for row in (await self._connection.execute(locked)).mappings()}
        current = (
            select(steps)
            .join(jobs, (jobs.c.id == steps.c.job_id) & (jobs.c.run == steps.c.run))
            .where(jobs.c.id.in_(ids))
            .order_by(steps.c.job_id, steps.c.number)
        )
        of_job = defaultdict(list)
        for row in (await self._connection.execute(current)).mappings():
            of_job[row["job_id"]].append(step_of(row))
        captured = await self._captured([job_id for job_id, job in found.items() if job.run > 1])
        return {
            job_id: JobState(job, tuple(of_job[job_id]), frozenset(captured[job_id])) for job_id, job in found.items()
        }

    async def _captured(self, job_ids: Sequence[JobId]) -> Mapping[JobId, set[str]]:
        items: defaultdict[JobId, set[str]] = defaultdict(set)
        if job_ids:
            paid = select(credit_ledger.c.job_id, credit_ledger.c.item).where(
                credit_ledger.c.job_id.in_(job_ids), credit_ledger.c.kind == LedgerKind.CAPTURE.value
            )
            for row in await self._connection.execute(paid):
                items[row.job_id].add(row.item)
        return items

    async def applied(self, pairs: Sequence[tuple[JobId, str]]) -> set[tuple[JobId, str]]:
        if not pairs:
            return set()
        columns = job_history.c
        statement = select(columns.job_id, columns.source_event_id).where(
            tuple_(columns.job_id, columns.source_event_id).in_(pairs)
        )
        return {(row.job_id, row.source_event_id) for row in await self._connection.execute(statement)}

    async def save(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        run = self._connection.execute
        written = await run(_UPDATE_JOB, [_job_row(change) for change in changes])
        if written.rowcount != len(changes):
            raise JobChangedMeanwhile(f"{written.rowcount} of {len(changes)} jobs are unchanged since they were read")
        if step_rows := [step_update(step) for change in changes for step in change.steps]:
            await run(UPDATE_STEP, step_rows)
        await run(insert(job_history), [history_row(change.history, change.source_event_id) for change in changes])
        if asset_rows := [asset_row(asset, change.state) for change in changes for asset in change.assets]:
            await run(insert(assets), asset_rows)
        if entries := [row for change in changes for row in ledger_rows(change.state.job, change.ledger)]:
            await run(insert(credit_ledger), entries)
        await delete_later(self._connection, [key for change in changes for key in change.discarded])
        await run(insert(outbox), [outbox_row(c.state.job, item) for c in changes for item in c.outbox])
        if user_rows := _user_rows(changes):
            # Last: a transaction that holds a lock on a user never waits for a lock on a job.
            await run(_UPDATE_USER, user_rows)

    async def discard(self, keys: Sequence[str]) -> None:
        await delete_later(self._connection, keys)

    async def scan_for_orphans(self, job_ids: Collection[JobId]) -> None:
        await scan_later(self._connection, job_ids)

    async def restart(self, restart: Restart) -> None:
        await write_restart(self._connection, restart)

    async def enqueue(self, items: Sequence[tuple[Job, OutboxItem]]) -> None:
        if items:
            await self._connection.execute(insert(outbox), [outbox_row(job, item) for job, item in items])


def jobs_transaction(database: Database) -> JobsTransaction:
    """Return the `JobsTransaction` of a database."""

    @asynccontextmanager
    async def begin() -> AsyncIterator[JobChanges]:
        async with database.begin() as connection:
            yield PostgresJobChanges(connection)

    return begin


def _job_row(change: Change) -> dict[str, Any]:
    job = change.state.job
    return {
        "job_id": job.id,
        "of_run": job.run,
        "from_status": change.before.status.value,
        "status": job.status.value,
        "steps_done": job.steps_done,
        "outputs": outputs_json(job),
        "text": job.text,
        "error": job.error.model_dump() if job.error else None,
        "reported": job.reported,
        "charged_mc": job.charged_mc,
        "history_seq": job.history_seq,
        "updated_at": job.updated_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
    }


def _user_rows(changes: Sequence[Change]) -> list[dict[str, Any]]:
    released: defaultdict[str, int] = defaultdict(int)
    added: defaultdict[str, int] = defaultdict(int)
    for change in changes:
        user_id = change.state.job.user_id
        released[user_id] += sum(e.amount_mc for e in change.ledger if e.kind is LedgerKind.RELEASE)
        added[user_id] += len(change.assets)
    return [
        {"user_id": user_id, "released": released[user_id], "added_assets": added[user_id]}
        for user_id in sorted(released)
        if released[user_id] or added[user_id]
    ]
