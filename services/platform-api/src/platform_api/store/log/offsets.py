"""The applied position of the event log, advanced in the transaction that applies the events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from darkroom_chassis.database import Database
from darkroom_chassis.log_offset import LogOffset
from darkroom_schemas.ids import EventId
from sqlalchemy.exc import DataError, IntegrityError

from platform_api.domain.jobs.ports import JobChanges
from platform_api.domain.log.offsets import Unstorable
from platform_api.store.jobs.changes import PostgresJobChanges
from platform_api.store.tables.log import offsets

READER = "platform-api:0"
"""This service's reader of shard 0."""


class PostgresOffsetStore:
    """Implements `OffsetStore`."""

    def __init__(self, database: Database) -> None:
        self._database, self._offset = database, LogOffset(database, offsets, READER)

    async def position(self) -> EventId | None:
        return await self._offset.position()

    @asynccontextmanager
    async def advance(self, old: EventId | None, new: EventId) -> AsyncIterator[JobChanges | None]:
        try:
            async with self._database.begin() as connection:
                moved = await self._offset.move(connection, old, new)
                yield PostgresJobChanges(connection) if moved else None
        except (DataError, IntegrityError) as error:
            raise Unstorable(str(error.orig)) from error
