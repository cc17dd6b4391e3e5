"""Deletes expired rows in batches, so that each statement is short and locks few rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Delete, delete, func, literal_column, select

from darkroom_chassis.database import Database

BATCH = 5_000


async def delete_older(database: Database, column: Column[datetime], than: ColumnElement[Any]) -> int:
    """Delete the rows with a `column` before `than` and return their number."""
    deleted = 0
    while True:
        async with database.connect() as connection:
            some = (await connection.execute(some_older(column, than))).rowcount
        deleted += some
        if some < BATCH:
            return deleted


def some_older(column: Column[datetime], than: ColumnElement[Any]) -> Delete:
    """Build the statement that deletes one batch. Concurrent replicas delete different rows."""
    place: ColumnElement[Any] = literal_column("ctid")  # needs no index; stable, because the row is locked
    chosen = select(place).select_from(column.table).where(column < than).order_by(column).limit(BATCH)
    places = func.array(chosen.with_for_update(skip_locked=True).scalar_subquery())
    return delete(column.table).where(place == func.any(places))
