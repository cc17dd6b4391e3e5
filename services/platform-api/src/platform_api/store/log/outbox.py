"""The outbox: rows are relayed in order by one relay at a time, and deleted when the queue has accepted them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.api_key import PublishedKey
from darkroom_schemas.ids import EventId
from psycopg.errors import LockNotAvailable
from sqlalchemy import Select, func, insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.jobs.ports import JobChanges
from platform_api.domain.log.outbox import OutboxBusy, OutboxRow
from platform_api.store.accounts.published_keys import ALL, publication_of, published_keys
from platform_api.store.jobs.changes import PostgresJobChanges
from platform_api.store.queries import query
from platform_api.store.tables.log import outbox

RELAY_LOCK = 0x6461_726B_0002

_DELIVERED = text(query("delivered"))
_NOT_DURABLE = text("SET LOCAL synchronous_commit = off")
_LOCK = text(f"SELECT pg_advisory_lock({RELAY_LOCK})")
_UNLOCK = text(f"SELECT pg_advisory_unlock({RELAY_LOCK})")


class PostgresOutboxBatch:
    """Implements `OutboxBatch`. `connection` is in autocommit mode and holds the relay lock."""

    def __init__(self, database: Database, connection: AsyncConnection, rows: Sequence[OutboxRow]) -> None:
        self.rows = rows
        self._database, self._connection = database, connection

    async def keys(self, ids: Sequence[str] | None) -> list[PublishedKey]:
        return await published_keys(self._connection, ids)

    @asynccontextmanager
    async def delivering(
        self, rows: Sequence[OutboxRow], event_ids: Mapping[int, EventId]
    ) -> AsyncIterator[JobChanges]:
        """Rows lost in a crash are relayed again and deduplicated by the queue, so the commit need not be durable."""
        sent = [row for row in rows if row.id in event_ids and row.history_seq is not None]
        parameters = {
            "jobs": [row.job_id for row in sent],
            "seqs": [row.history_seq for row in sent],
            "events": [str(event_ids[row.id]) for row in sent],
            "relayed": [row.id for row in rows],
        }
        async with self._database.begin() as connection:
            await connection.execute(_NOT_DURABLE)
            await connection.execute(_DELIVERED, parameters)
            yield PostgresJobChanges(connection)


KINDS = ("submit", "cancel", "emit", "keys")
"""Kinds that this release relays; rows of other kinds are left for the release that wrote them."""


def next_rows(limit: int) -> Select[Any]:
    """Select the rows to relay next."""
    relayable = (outbox.c.kind.in_(KINDS), outbox.c.rejected_at.is_(None))
    return select(outbox).where(*relayable).order_by(outbox.c.id).limit(limit)


async def _acquire_relay_lock(connection: AsyncConnection) -> None:
    try:
        await connection.execute(_LOCK)
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise OutboxBusy from error
        raise


async def _release_relay_lock(connection: AsyncConnection) -> None:
    """Release the lock, or else close the connection, with which the server releases it."""
    try:
        await connection.execute(_UNLOCK)
    except BaseException:
        await connection.invalidate()
        raise


class PostgresOutbox:
    """Implements `Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def batch(self, limit: int) -> AbstractAsyncContextManager[PostgresOutboxBatch]:
        return self._batch(next_rows(limit))

    def one(self, row_id: int) -> AbstractAsyncContextManager[PostgresOutboxBatch]:
        return self._batch(next_rows(1).where(outbox.c.id == row_id))

    @asynccontextmanager
    async def _batch(self, rows: Select[Any]) -> AsyncIterator[PostgresOutboxBatch]:
        async with self._database.connect() as connection:
            await _acquire_relay_lock(connection)
            try:
                found = await connection.execute(rows)
                messages = [OutboxRow(r.id, r.kind, r.job_id, r.history_seq, r.body) for r in found]
                yield PostgresOutboxBatch(self._database, connection, messages)
            finally:
                await _release_relay_lock(connection)

    @asynccontextmanager
    async def rejecting(self, row_id: int, reason: str) -> AsyncIterator[JobChanges]:
        async with self._database.begin() as connection:
            aside = update(outbox).where(outbox.c.id == row_id)
            await connection.execute(aside.values(rejected_at=func.now(), rejected_reason=reason))
            yield PostgresJobChanges(connection)

    async def request_all_keys(self) -> None:
        async with self._database.connect() as connection:
            await connection.execute(insert(outbox), publication_of(ALL))

    async def waiting_submissions(self) -> int:
        """Return the number of steps that wait in the outbox."""
        async with self._database.connect() as connection:
            submissions = (outbox.c.kind == "submit", outbox.c.rejected_at.is_(None))
            statement = select(func.count()).select_from(outbox).where(*submissions)
            return (await connection.execute(statement)).scalar_one()
