"""A reader's position in the event log, stored in the database to which it applies the events."""

from darkroom_schemas.ids import EventId
from sqlalchemy import Table, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_chassis.database import Database

BEGINNING = ""


class LogOffset:
    """One reader's position. Moved by compare-and-set in the applying transaction, so a batch is applied only once."""

    def __init__(self, database: Database, table: Table, reader: str) -> None:
        self._database, self._table, self._reader = database, table, reader

    async def position(self) -> EventId | None:
        """Return the stored position; None is the beginning of the log."""
        columns = self._table.c
        first = insert(self._table).values(reader=self._reader, position=BEGINNING).on_conflict_do_nothing()
        async with self._database.connect() as connection:
            await connection.execute(first)
            found = await connection.execute(select(columns.position).where(columns.reader == self._reader))
            text: str = found.scalar_one()
        return EventId.parse(text) if text else None

    async def move(self, connection: AsyncConnection, old: EventId | None, new: EventId) -> bool:
        """Move from `old` to `new` in the connection's transaction; False if another replica has moved it."""
        columns = self._table.c
        move = (
            update(self._table)
            .where(columns.reader == self._reader, columns.position == (str(old) if old else BEGINNING))
            .values(position=str(new), updated_at=func.now())
        )
        return (await connection.execute(move)).rowcount == 1
