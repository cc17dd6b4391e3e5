"""Reads everything that is stored about a user, in pages, so that no connection is held while a client reads."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.ids import UserId
from sqlalchemy import ColumnElement, LargeBinary, Table, select, tuple_

from platform_api.domain.accounts.personal_data import Record
from platform_api.store.accounts.owned_rows import owned_by, owned_tables
from platform_api.store.tables.idempotency import idempotency_keys
from platform_api.store.tables.jobs import jobs
from platform_api.store.tables.sessions import passwords, sessions

PAGE = 200
LEFT_OUT = (passwords, sessions, idempotency_keys)
"""Credentials, and responses that are stored for a day to repeat them."""


class PostgresUserRecords:
    """Implements `UserRecords`. Rows that change during an export are in it as they were or as they are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def records(self, user_id: UserId) -> AsyncIterator[Record]:
        tables = [table for table in owned_tables() if table not in LEFT_OUT]
        of_jobs = [table for table in tables if _is_part_of_jobs(table)]
        for table in tables:
            if table in of_jobs:
                continue
            condition = owned_by(table, user_id)
            assert condition is not None  # noqa: S101 - by the definition of owned_tables
            async for page in self._pages(table, condition):
                for record in page:
                    yield record
                if table is jobs:
                    ids = [record.row["id"] for record in page]
                    for part in of_jobs:
                        async for records in self._pages(part, part.c.job_id.in_(ids)):
                            for record in records:
                                yield record

    async def _pages(self, table: Table, condition: ColumnElement[bool]) -> AsyncIterator[Sequence[Record]]:
        key = list(table.primary_key)
        columns = [column for column in table.c if not isinstance(column.type, LargeBinary)]
        after: tuple[Any, ...] | None = None  # Any: values of the primary key
        while True:
            statement = select(*columns).where(condition).order_by(*key).limit(PAGE)
            if after is not None:
                statement = statement.where(tuple_(*key) > tuple_(*after))
            async with self._database.connect() as connection:
                rows = (await connection.execute(statement)).mappings().all()
            if rows:
                yield [Record(table.name, dict(row)) for row in rows]
            if len(rows) < PAGE:
                return
            after = tuple(rows[-1][column.name] for column in key)


def _is_part_of_jobs(table: Table) -> bool:
    """Return whether the rows belong to a job, and name no user themselves."""
    return "user_id" not in table.c and any(key.column.table is jobs for key in table.foreign_keys)
