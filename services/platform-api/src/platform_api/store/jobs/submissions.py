"""Writes new jobs with their steps, credits, idempotency keys and outbox rows in one statement."""

from collections.abc import Sequence, Set
from dataclasses import asdict
from typing import Any

import psycopg
from darkroom_chassis.batcher import Batcher
from darkroom_chassis.database import LOCK_TIMEOUT_MS, Database
from darkroom_chassis.idempotency import IdempotencyKey, KeyInUse, KeyReused
from darkroom_schemas.ids import JobId, UserId
from psycopg import errors
from psycopg.types.json import Jsonb
from pydantic_core import to_json
from sqlalchemy import select

from platform_api.domain.answers import Answer
from platform_api.domain.errors import NotEnoughCredits, UnknownUser
from platform_api.domain.jobs.ports import NewJob
from platform_api.store.jobs.rows import step_row
from platform_api.store.log.rows import outbox_row
from platform_api.store.queries import query
from platform_api.store.tables.accounts import users
from platform_api.store.tables.idempotency import idempotency_keys

_ACCEPT = query("accept_jobs").encode()
_UNDOING = "users_balance_check"
"""The constraint that the statement violates in order to roll back."""
MOST_AT_ONCE = 50
LANES = 2
"""Concurrent statements. All jobs of a user use the same lane, so that they do not wait for each other's locks."""
BATCH_LOCK_TIMEOUT_MS = 100
"""lock_timeout of a batched insert, in ms; jobs that exceed it are retried one by one."""


class PostgresSubmissions:
    """Implements `JobSubmissions`. Concurrent jobs share a statement and a commit (group commit)."""

    def __init__(self, database: Database, *, low_below_mc: int = 0) -> None:
        """Take the balance, in thousandths of a credit, below which `credits.low` is emitted; 0: never."""
        self._database, self._low_below_mc = database, low_below_mc
        self._batcher = Batcher(self._accept_together, max_batch=MOST_AT_ONCE)
        self._alone = Batcher(self._accept_alone, max_batch=1)

    async def accept(self, new: NewJob) -> Answer | None:
        try:
            accepted = await self._batcher(hash(_user_of(new)) % LANES, new)
            if accepted is None:
                # One at a time per user, so that waiting for a lock occupies one connection only.
                accepted = await self._alone(_user_of(new), new)
        except errors.LockNotAvailable as error:
            # A lock held for that long is most likely held by the same request, still in progress.
            if new.idempotency is not None:
                raise KeyInUse from error
            raise
        return None if accepted else await self._earlier_answer(new)

    async def _accept_together(self, new_jobs: Sequence[NewJob]) -> list[bool | None]:
        """Return for each job whether it was accepted; None if it must be retried alone."""
        try:
            accepted = await self._write(new_jobs, BATCH_LOCK_TIMEOUT_MS)
        except ValueError:
            return [None] * len(new_jobs)  # one of the jobs cannot be serialized
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise  # the connection was lost, and it is unknown what was written
            return [None] * len(new_jobs)
        if len(new_jobs) == 1:
            return [bool(accepted)]
        return [new.state.job.id in accepted or None for new in new_jobs]

    async def _accept_alone(self, new_jobs: Sequence[NewJob]) -> list[bool]:
        return [bool(await self._write(new_jobs, LOCK_TIMEOUT_MS))]

    async def _write(self, new_jobs: Sequence[NewJob], lock_timeout_ms: int) -> Set[JobId]:
        """Return the ids of the accepted jobs."""
        async with self._database.bare() as connection:
            try:
                parameters = _parameters(new_jobs, lock_timeout_ms, self._low_below_mc)
                rows = await (await connection.execute(_ACCEPT, parameters)).fetchall()
            except errors.IntegrityError as error:
                if error.diag.constraint_name != _UNDOING:
                    raise
                return frozenset()
        return {row["id"] for row in rows}

    async def earlier(self, user_id: UserId, asked: IdempotencyKey) -> Answer | None:
        columns = idempotency_keys.c
        own = (columns.user_id == user_id, columns.key == asked.key)
        async with self._database.connect() as connection:
            row = (await connection.execute(select(columns.fingerprint, columns.answer).where(*own))).first()
        if row is None:
            return None
        if row.fingerprint != asked.fingerprint:
            raise KeyReused
        return Answer(row.answer, replayed=True)

    async def _earlier_answer(self, new: NewJob) -> Answer:
        """Return the stored response of the key; without one, raise the reason why the job was not accepted."""
        user_id, keyed = new.state.job.user_id, new.idempotency
        stored = await self.earlier(user_id, IdempotencyKey(keyed.key, keyed.fingerprint)) if keyed else None
        if stored is not None:
            return stored
        async with self._database.connect() as connection:
            balance = (await connection.execute(select(users.c.balance_mc).where(users.c.id == user_id))).scalar()
        if balance is None:
            raise UnknownUser
        raise NotEnoughCredits(new.state.job.price_mc, balance)


def _user_of(new: NewJob) -> UserId:
    return new.state.job.user_id


def _parameters(new_jobs: Sequence[NewJob], lock_timeout_ms: int, low_below_mc: int) -> dict[str, Any]:
    steps = [step_row(step) for new in new_jobs for step in new.state.steps]
    outbox = [outbox_row(new.state.job, item) for new in new_jobs for item in new.outbox]
    return {
        "lock_timeout": f"{lock_timeout_ms}ms",
        "low_below_mc": low_below_mc,
        "jobs": Jsonb([_job(new) for new in new_jobs], to_json),
        "steps": Jsonb(steps, to_json),
        "outbox": Jsonb(outbox, to_json),
    }


def _job(new: NewJob) -> dict[str, Any]:
    job, keyed = new.state.job, new.idempotency
    return {
        "id": job.id,
        "user_id": job.user_id,
        "job_type": job.job_type,
        "status": job.status,
        "priority": job.priority,
        "parameters": job.parameters,
        "steps_total": job.steps_total,
        "price_mc": job.price_mc,
        "history_seq": new.history.seq,
        "history_event": new.history.event,
        "history_message": new.history.message,
        "trace_id": job.trace_id,
        "traceparent": job.traceparent,
        "name": job.name,
        "description": job.description,
        "collection_id": job.collection_id,
        "group_rules": asdict(job.group_rules) if job.group_rules else None,
        "created_at": job.created_at,
        "key": keyed.key if keyed else None,
        "fingerprint": keyed.fingerprint if keyed else None,
        "answer": keyed.body if keyed else None,
    }
