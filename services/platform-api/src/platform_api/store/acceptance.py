"""New jobs: written with their steps, credits, idempotency key and outbox rows by one statement."""

import json
from typing import Any

import psycopg
from darkroom_chassis.database import Database
from darkroom_schemas.ids import UserId
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.errors import KeyInUse, KeyReused, NotEnoughCredits, UnknownUser
from platform_api.domain.job import Step
from platform_api.domain.ports import Answer, KeyedAnswer, NewJob
from platform_api.store.queries import query
from platform_api.store.rows import outbox_row, step_row
from platform_api.store.tables import idempotency_keys, users


class PostgresAcceptance:
    """Implements `JobAcceptance`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, new: NewJob) -> Answer | None:
        async with self._database.connect() as connection:
            try:
                accepted = (await connection.execute(query("accept_job"), _parameters(new))).scalar_one()
            except IntegrityError as error:
                if new.idempotency is None or not _is_used_key(error):
                    raise
                return await self._earlier_answer(connection, new)
            except OperationalError as error:
                # Whoever holds the lock for that long is most likely the same request, still on its way.
                if new.idempotency is not None and isinstance(error.orig, psycopg.errors.LockNotAvailable):
                    raise KeyInUse from error
                raise
            if accepted:
                return None
            return await self._earlier_answer(connection, new)

    async def _earlier_answer(self, connection: AsyncConnection, new: NewJob) -> Answer:
        """Replay the answer that the key has; without one the balance was too low."""
        user_id = new.state.job.user_id
        if new.idempotency is not None:
            kept = await _kept(connection, user_id, new.idempotency)
            if kept is not None:
                return kept
        balance = (await connection.execute(select(users.c.balance_mc).where(users.c.id == user_id))).scalar()
        if balance is None:
            raise UnknownUser
        raise NotEnoughCredits(new.state.job.price_mc, balance)


async def _kept(connection: AsyncConnection, user_id: UserId, asked: KeyedAnswer) -> Answer | None:
    columns = idempotency_keys.c
    statement = select(columns.fingerprint, columns.answer).where(columns.user_id == user_id, columns.key == asked.key)
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    if row.fingerprint != asked.fingerprint:
        raise KeyReused
    return Answer(row.answer, replayed=True)


def _is_used_key(error: IntegrityError) -> bool:
    cause = error.orig
    return isinstance(cause, psycopg.errors.UniqueViolation) and cause.diag.constraint_name == "idempotency_keys_pkey"


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
