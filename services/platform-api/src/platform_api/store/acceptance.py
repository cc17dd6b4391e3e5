"""New jobs: written with their steps, credits, idempotency key and outbox rows by one statement."""

import asyncio
from collections.abc import Sequence
from typing import Any

from darkroom_chassis.database import Database
from darkroom_chassis.gathering import Gathering
from darkroom_schemas.ids import UserId
from psycopg import errors
from psycopg.types.json import Jsonb
from pydantic_core import to_json
from sqlalchemy import select

from platform_api.domain.errors import KeyInUse, KeyReused, NotEnoughCredits, UnknownUser
from platform_api.domain.ports import Answer, IdempotencyKey, NewJob
from platform_api.store.queries import query
from platform_api.store.rows import outbox_row, step_row
from platform_api.store.tables import idempotency_keys, users

_ACCEPT = query("accept_jobs").encode()
_UNDOING = frozenset({"idempotency_keys_pkey", "users_balance_check"})
"""Constraints that the statement violates where it must not write anything."""
MOST_AT_ONCE = 50


class PostgresAcceptance:
    """Implements `JobAcceptance`. Jobs of one user wait for each other at the user's row: better in one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathering = Gathering(self._accept, most=MOST_AT_ONCE)

    async def accept(self, new: NewJob) -> Answer | None:
        try:
            accepted = await self._gathering(new.state.job.user_id, new)
        except errors.LockNotAvailable as error:
            # Whoever holds the lock for that long is most likely the same request, still on its way.
            if new.idempotency is not None:
                raise KeyInUse from error
            raise
        return None if accepted else await self._earlier_answer(new)

    async def _accept(self, news: Sequence[NewJob]) -> Sequence[bool | BaseException]:
        """Accept all, or try each alone where something stands in the way of one of them."""
        accepted = await self._write(news)
        if accepted or len(news) == 1:
            return [accepted] * len(news)
        return await asyncio.gather(*(self._write([new]) for new in news), return_exceptions=True)

    async def _write(self, news: Sequence[NewJob]) -> bool:
        async with self._database.bare() as connection:
            try:
                row = await (await connection.execute(_ACCEPT, _parameters(news))).fetchone()
            except errors.IntegrityError as error:
                if error.diag.constraint_name not in _UNDOING:
                    raise
                return False
        return row is not None and bool(row["accepted"])

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


def _parameters(news: Sequence[NewJob]) -> dict[str, Any]:
    steps = [step_row(step) for new in news for step in new.state.steps]
    outbox = [outbox_row(new.state.job, item) for new in news for item in new.outbox]
    return {
        "user_id": news[0].state.job.user_id,
        "count": len(news),
        "keyed": sum(new.idempotency is not None for new in news),
        "price_mc": sum(new.state.job.price_mc for new in news),
        "jobs": Jsonb([_job(new) for new in news], to_json),
        "steps": Jsonb(steps, to_json),
        "outbox": Jsonb(outbox, to_json),
    }


def _job(new: NewJob) -> dict[str, Any]:
    job, keyed = new.state.job, new.idempotency
    return {
        "id": job.id,
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
