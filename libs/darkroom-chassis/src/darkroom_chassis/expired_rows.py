"""Deletes what is only kept for a while: some rows at a time, so that no statement takes long, nor locks much."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Delete, delete, func, literal_column, select

from darkroom_chassis.database import Database

BATCH = 5_000


async def delete_older(database: Database, column: Column[datetime], than: ColumnElement[Any]) -> int:
    """Delete the rows whose `column` is before `than` and return how many they were."""
    deleted = 0
    while True:
        async with database.connect() as connection:
            some = (await connection.execute(some_older(column, than))).rowcount
        deleted += some
        if some < BATCH:
            return deleted


def some_older(column: Column[datetime], than: ColumnElement[Any]) -> Delete:
    """Delete a batch. Two replicas that do it at once take different rows."""
    place: ColumnElement[Any] = literal_column("ctid")  # found again without an index, and nobody else can move it
    chosen = select(place).select_from(column.table).where(column < than).order_by(column).limit(BATCH)
    places = func.array(chosen.with_for_update(skip_locked=True).scalar_subquery())
    return delete(column.table).where(place == func.any(places))
