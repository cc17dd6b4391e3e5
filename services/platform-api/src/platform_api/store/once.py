"""Transactions that happen once for an Idempotency-Key, whose row is written first and so makes repeats wait."""

import psycopg
from darkroom_chassis.database import Database
from darkroom_schemas.ids import UserId
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.errors import KeyInUse, KeyReused, UnknownUser
from platform_api.domain.once import Unit, Work
from platform_api.domain.ports import Answer, IdempotencyKey
from platform_api.store.api_keys import PostgresNewApiKeys
from platform_api.store.credits import PostgresCreditChanges
from platform_api.store.job_changes import PostgresJobChanges
from platform_api.store.library_changes import PostgresLibraryChanges
from platform_api.store.tables import idempotency_keys


class PostgresOnce:
    """Implements `Once`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, user_id: UserId, key: IdempotencyKey | None, work: Work) -> Answer:
        try:
            async with self._database.begin() as connection:
                if key is not None and (kept := await _claim(connection, user_id, key)) is not None:
                    return kept
                unit = Unit(
                    jobs=PostgresJobChanges(connection),
                    credits=PostgresCreditChanges(connection),
                    keys=PostgresNewApiKeys(connection),
                    library=PostgresLibraryChanges(connection),
                )
                body = await work(unit)
                if key is not None:
                    mine = (_columns.user_id == user_id, _columns.key == key.key)
                    await connection.execute(update(idempotency_keys).where(*mine).values(answer=body))
                return Answer(body)
        except IntegrityError as error:
            if _is_unknown_user(error):
                raise UnknownUser from error
            raise


_columns = idempotency_keys.c


async def _claim(connection: AsyncConnection, user_id: UserId, key: IdempotencyKey) -> Answer | None:
    """Take the key, or return the answer that it has. Waits for a transaction that has taken it and goes on."""
    row = {"user_id": user_id, "key": key.key, "fingerprint": key.fingerprint, "answer": ""}
    take = insert(idempotency_keys).values(row).on_conflict_do_nothing().returning(_columns.key)
    try:
        taken = (await connection.execute(take)).first()
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise KeyInUse from error
        raise
    if taken is not None:
        return None
    statement = select(_columns.fingerprint, _columns.answer).where(
        _columns.user_id == user_id, _columns.key == key.key
    )
    earlier = (await connection.execute(statement)).one()
    if earlier.fingerprint != key.fingerprint:
        raise KeyReused
    return Answer(earlier.answer, replayed=True)


def _is_unknown_user(error: IntegrityError) -> bool:
    cause = error.orig
    if not isinstance(cause, psycopg.errors.ForeignKeyViolation):
        return False
    return str(cause.diag.constraint_name).endswith("_user_id_fkey")
