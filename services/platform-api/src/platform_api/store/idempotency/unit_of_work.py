"""Transactions per Idempotency-Key. The key's row is written first, so that concurrent repeats wait for it."""

import psycopg
from darkroom_chassis.database import Database
from darkroom_chassis.idempotency import IdempotencyKey
from darkroom_chassis.idempotency_rows import IdempotencyRow
from darkroom_schemas.ids import UserId
from sqlalchemy.exc import IntegrityError

from platform_api.domain.answers import Answer
from platform_api.domain.errors import UnknownUser
from platform_api.domain.idempotency import Operator, UnitOfWork, Work
from platform_api.store.accounts.api_keys import PostgresNewApiKeys
from platform_api.store.accounts.credits import PostgresCreditChanges
from platform_api.store.assets.uploads import PostgresNewUploads
from platform_api.store.jobs.changes import PostgresJobChanges
from platform_api.store.library.changes import PostgresLibraryChanges
from platform_api.store.library.presets import PostgresNewPresets
from platform_api.store.servers import PostgresNewServers
from platform_api.store.tables.idempotency import idempotency_keys, operator_idempotency_keys


class PostgresIdempotency:
    """Implements `Idempotency`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, principal: UserId | Operator, key: IdempotencyKey | None, work: Work) -> Answer:
        row = _row(principal, key) if key is not None else None
        try:
            async with self._database.begin() as connection:
                if row is not None and (stored := await row.claim(connection)) is not None:
                    return Answer(stored, replayed=True)
                unit = UnitOfWork(
                    jobs=PostgresJobChanges(connection),
                    credits=PostgresCreditChanges(connection),
                    keys=PostgresNewApiKeys(connection),
                    library=PostgresLibraryChanges(connection),
                    servers=PostgresNewServers(connection),
                    uploads=PostgresNewUploads(connection),
                    presets=PostgresNewPresets(connection),
                )
                body = await work(unit)
                if row is not None:
                    await row.answer(connection, body)
                return Answer(body)
        except IntegrityError as error:
            if _is_unknown_user(error):
                raise UnknownUser from error
            raise


def _row(principal: UserId | Operator, key: IdempotencyKey) -> IdempotencyRow:
    if isinstance(principal, Operator):
        return IdempotencyRow(operator_idempotency_keys, {"key_id": principal.key_id}, key)
    return IdempotencyRow(idempotency_keys, {"user_id": principal}, key)


def _is_unknown_user(error: IntegrityError) -> bool:
    cause = error.orig
    if not isinstance(cause, psycopg.errors.ForeignKeyViolation):
        return False
    return str(cause.diag.constraint_name).endswith("_user_id_fkey")
