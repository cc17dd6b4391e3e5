"""New jobs: written with their steps, credits, idempotency key and outbox rows by one statement."""

from collections.abc import Sequence, Set
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
"""Constraint that the statement violates where it must not write anything."""
MOST_AT_ONCE = 50
LANES = 2
"""Statements on their way at once. A user's jobs keep to one lane, where they need not wait for each other's locks."""
BATCH_LOCK_TIMEOUT_MS = 100
"""Longest wait for a lock while others wait, too. Whoever needs longer goes on alone."""


class PostgresSubmissions:
    """Implements `JobSubmissions`. Jobs that come together share a statement and a commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batcher = Batcher(self._accept_together, max_batch=MOST_AT_ONCE)
        self._alone = Batcher(self._accept_alone, max_batch=1)

    async def accept(self, new: NewJob) -> Answer | None:
        try:
            accepted = await self._batcher(hash(_user_of(new)) % LANES, new)
            if accepted is None:
                # One at a time of each user: who waits for a lock must not have every connection wait with them.
                accepted = await self._alone(_user_of(new), new)
        except errors.LockNotAvailable as error:
            # Whoever holds the lock for that long is most likely the same request, still on its way.
            if new.idempotency is not None:
                raise KeyInUse from error
            raise
        return None if accepted else await self._earlier_answer(new)

    async def _accept_together(self, news: Sequence[NewJob]) -> list[bool | None]:
        """Tell of each whether it was accepted; None where it must be tried alone."""
        try:
            accepted = await self._write(news, BATCH_LOCK_TIMEOUT_MS)
        except ValueError:
            return [None] * len(news)  # one of them cannot be written
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise  # the connection was lost, and nobody knows what was written
            return [None] * len(news)
        if len(news) == 1:
            return [bool(accepted)]
        return [new.state.job.id in accepted or None for new in news]

    async def _accept_alone(self, news: Sequence[NewJob]) -> list[bool]:
        return [bool(await self._write(news, LOCK_TIMEOUT_MS))]

    async def _write(self, news: Sequence[NewJob], patience_ms: int) -> Set[JobId]:
        """Return the jobs that were accepted."""
        async with self._database.bare() as connection:
            try:
                rows = await (await connection.execute(_ACCEPT, _parameters(news, patience_ms))).fetchall()
            except errors.IntegrityError as error:
                if error.diag.constraint_name != _UNDOING:
                    raise
                return frozenset()
        return {row["id"] for row in rows}

    async def earlier(self, user_id: UserId, asked: IdempotencyKey) -> Answer | None:
        columns = idempotency_keys.c
        mine = (columns.user_id == user_id, columns.key == asked.key)
        async with self._database.connect() as connection:
            row = (await connection.execute(select(columns.fingerprint, columns.answer).where(*mine))).first()
        if row is None:
            return None
        if row.fingerprint != asked.fingerprint:
            raise KeyReused
        return Answer(row.answer, replayed=True)

    async def _earlier_answer(self, new: NewJob) -> Answer:
        """Replay the answer that the key has; without one the balance was too low."""
        user_id, keyed = new.state.job.user_id, new.idempotency
        kept = await self.earlier(user_id, IdempotencyKey(keyed.key, keyed.fingerprint)) if keyed else None
        if kept is not None:
            return kept
        async with self._database.connect() as connection:
            balance = (await connection.execute(select(users.c.balance_mc).where(users.c.id == user_id))).scalar()
        if balance is None:
            raise UnknownUser
        raise NotEnoughCredits(new.state.job.price_mc, balance)


def _user_of(new: NewJob) -> UserId:
    return new.state.job.user_id


def _parameters(news: Sequence[NewJob], patience_ms: int) -> dict[str, Any]:
    steps = [step_row(step) for new in news for step in new.state.steps]
    outbox = [outbox_row(new.state.job, item) for new in news for item in new.outbox]
    return {
        "patience": f"{patience_ms}ms",
        "jobs": Jsonb([_job(new) for new in news], to_json),
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
        "name": job.name,
        "description": job.description,
        "collection_id": job.collection_id,
        "created_at": job.created_at,
        "key": keyed.key if keyed else None,
        "fingerprint": keyed.fingerprint if keyed else None,
        "answer": keyed.body if keyed else None,
    }
