"""New jobs: written with their steps, credits, idempotency key and outbox rows by one statement."""

import json
from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.ids import UserId
from psycopg import errors
from sqlalchemy import select

from platform_api.domain.errors import KeyInUse, KeyReused, NotEnoughCredits, UnknownUser
from platform_api.domain.job import Step
from platform_api.domain.ports import Answer, IdempotencyKey, NewJob
from platform_api.store.queries import query
from platform_api.store.rows import outbox_row, step_row
from platform_api.store.tables import idempotency_keys, users

_ACCEPT = query("accept_job").encode()
_UNDOING = frozenset({"idempotency_keys_pkey", "users_balance_check"})
"""Constraints that the statement violates where it must not write anything."""


class PostgresAcceptance:
    """Implements `JobAcceptance`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, new: NewJob) -> Answer | None:
        async with self._database.bare() as connection:
            try:
                row = await (await connection.execute(_ACCEPT, _parameters(new))).fetchone()
            except errors.IntegrityError as error:
                if error.diag.constraint_name not in _UNDOING:
                    raise
                row = None
            except errors.LockNotAvailable as error:
                # Whoever holds the lock for that long is most likely the same request, still on its way.
                if new.idempotency is not None:
                    raise KeyInUse from error
                raise
        return None if row and row["accepted"] else await self._earlier_answer(new)

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


def _parameters(new: NewJob) -> dict[str, Any]:
    job, keyed = new.state.job, new.idempotency
    return {
        "job_id": job.id,
        "user_id": job.user_id,
        "job_type": job.job_type,
        "status": job.status.value,
        "priority": job.priority,
        "parameters": json.dumps(job.parameters),
        "steps_total": job.steps_total,
        "price_mc": job.price_mc,
        "history_seq": new.history.seq,
        "history_event": new.history.event.value,
        "history_message": new.history.message,
        "trace_id": job.trace_id,
        "name": job.name,
        "description": job.description,
        "collection_id": job.collection_id,
        "created_at": job.created_at,
        "steps": json.dumps([_step(step) for step in new.state.steps]),
        "outbox": json.dumps([outbox_row(job, item) for item in new.outbox]),
        "key": keyed.key if keyed else None,
        "fingerprint": keyed.fingerprint if keyed else None,
        "answer": keyed.body if keyed else None,
    }


def _step(step: Step) -> dict[str, Any]:
    return step_row(step) | {"submitted_at": step.submitted_at.isoformat() if step.submitted_at else None}
