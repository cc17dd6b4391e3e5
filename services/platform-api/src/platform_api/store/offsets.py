"""How far this service has applied the event log, moved in the transaction that applies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from darkroom_chassis.database import Database
from darkroom_schemas.ids import EventId
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DataError, IntegrityError

from platform_api.domain.ports import JobChanges, Unstorable
from platform_api.store.job_changes import PostgresJobChanges
from platform_api.store.tables import offsets

READER = "platform-api:0"
"""The reader of shard 0."""
BEGINNING = ""


class PostgresJournal:
    """Implements `Journal`: the position is compared and set, so that replicas never apply the same batch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def position(self) -> EventId | None:
        async with self._database.connect() as connection:
            await connection.execute(insert(offsets).values(reader=READER, position=BEGINNING).on_conflict_do_nothing())
            found = await connection.execute(select(offsets.c.position).where(offsets.c.reader == READER))
            position = found.scalar_one()
        return EventId.parse(position) if position else None

    @asynccontextmanager
    async def advance(self, old: EventId | None, new: EventId) -> AsyncIterator[JobChanges | None]:
        move = (
            update(offsets)
            .where(offsets.c.reader == READER, offsets.c.position == (str(old) if old else BEGINNING))
            .values(position=str(new), updated_at=func.now())
        )
        try:
            async with self._database.begin() as connection:
                moved = await connection.execute(move)
                yield PostgresJobChanges(connection) if moved.rowcount == 1 else None
        except (DataError, IntegrityError) as error:
            raise Unstorable(str(error.orig)) from error
