"""Transactions that happen once for an Idempotency-Key, whose row is written first and so makes repeats wait."""

import psycopg
from darkroom_chassis.database import Database
from darkroom_schemas.ids import UserId
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.errors import KeyInUse, KeyReused, UnknownUser
from platform_api.domain.once import Operator, Unit, Work
from platform_api.domain.ports import Answer, IdempotencyKey
from platform_api.store.api_keys import PostgresNewApiKeys
from platform_api.store.credits import PostgresCreditChanges
from platform_api.store.job_changes import PostgresJobChanges
from platform_api.store.library_changes import PostgresLibraryChanges
from platform_api.store.servers import PostgresNewServers
from platform_api.store.tables import idempotency_keys, operator_idempotency_keys


class PostgresOnce:
    """Implements `Once`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, principal: UserId | Operator, key: IdempotencyKey | None, work: Work) -> Answer:
        row = _KeyRow(principal, key) if key is not None else None
        try:
            async with self._database.begin() as connection:
                if row is not None and (kept := await row.claim(connection)) is not None:
                    return kept
                unit = Unit(
                    jobs=PostgresJobChanges(connection),
                    credits=PostgresCreditChanges(connection),
                    keys=PostgresNewApiKeys(connection),
                    library=PostgresLibraryChanges(connection),
                    servers=PostgresNewServers(connection),
                )
                body = await work(unit)
                if row is not None:
                    await row.answer(connection, body)
                return Answer(body)
        except IntegrityError as error:
            if _is_unknown_user(error):
                raise UnknownUser from error
            raise


class _KeyRow:
    """The row of a key, among those of its principal."""

    def __init__(self, principal: UserId | Operator, key: IdempotencyKey) -> None:
        if isinstance(principal, Operator):
            self._table, owned = operator_idempotency_keys, {"key_id": principal.key_id}
        else:
            self._table, owned = idempotency_keys, {"user_id": principal}
        self._primary, self._fingerprint = owned | {"key": key.key}, key.fingerprint
        self._mine = [self._table.c[name] == value for name, value in self._primary.items()]

    async def claim(self, connection: AsyncConnection) -> Answer | None:
        """Take the key, or return the answer that it has. Waits for a transaction that has taken it and goes on."""
        row = self._primary | {"fingerprint": self._fingerprint, "answer": ""}
        take = insert(self._table).values(row).on_conflict_do_nothing().returning(self._table.c.key)
        try:
            taken = (await connection.execute(take)).first()
        except OperationalError as error:
            if isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise KeyInUse from error
            raise
        if taken is not None:
            return None
        kept = select(self._table.c.fingerprint, self._table.c.answer).where(*self._mine)
        earlier = (await connection.execute(kept)).one()
        if earlier.fingerprint != self._fingerprint:
            raise KeyReused
        return Answer(earlier.answer, replayed=True)

    async def answer(self, connection: AsyncConnection, body: str) -> None:
        """Keep the answer for those who repeat the request."""
        await connection.execute(update(self._table).where(*self._mine).values(answer=body))


def _is_unknown_user(error: IntegrityError) -> bool:
    cause = error.orig
    if not isinstance(cause, psycopg.errors.ForeignKeyViolation):
        return False
    return str(cause.diag.constraint_name).endswith("_user_id_fkey")
