"""Idempotent requests: each runs in one transaction, once per Idempotency-Key."""

from darkroom_chassis.database import Database
from darkroom_chassis.expired_rows import delete_older
from darkroom_chassis.idempotency import KEPT, IdempotencyKey
from darkroom_chassis.idempotency_rows import IdempotencyRow
from darkroom_schemas.ids import TenantId
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.ports import Answer, SecretBox, UnitOfWork, Writes
from webhook_dispatcher.store.delivery_log import PostgresNewTests
from webhook_dispatcher.store.endpoints import PostgresNewEndpoints
from webhook_dispatcher.store.replays import PostgresReplays
from webhook_dispatcher.store.tables import idempotency_keys


class PostgresIdempotency:
    """Implements `Idempotency`."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database, self._box = database, box

    async def __call__(self, tenant: TenantId, key: IdempotencyKey | None, work: Writes) -> Answer:
        row = IdempotencyRow(idempotency_keys, {"tenant": tenant}, key, nothing=b"") if key else None
        async with self._database.begin() as connection:
            if row is not None and (stored := await row.claim(connection)) is not None:
                earlier = self._box.open(stored)
                if earlier is None:
                    raise RuntimeError("an answer was encrypted with another SECRETS_KEY and cannot be repeated")
                return Answer(earlier, replayed=True)
            body = await work(self._stores(connection))
            if row is not None:
                await row.answer(connection, self._box.seal(body))
            return Answer(body)

    def _stores(self, connection: AsyncConnection) -> UnitOfWork:
        new = PostgresNewEndpoints(connection, self._box)
        return UnitOfWork(new, PostgresNewTests(connection), PostgresReplays(connection))


async def delete_expired_keys(database: Database) -> int:
    """Delete the keys older than 24 h and return their number."""
    return await delete_older(database, idempotency_keys.c.created_at, func.now() - KEPT)
