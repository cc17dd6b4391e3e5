"""Objects to be deleted: recorded in the transaction that deletes their rows, deleted later by a loop.

This is separate from the outbox, so that a slow or unavailable object store does not delay the queue.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from darkroom_chassis.database import Database
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.store.tables.object_removal import object_deletions

RETRY_AFTER = timedelta(minutes=1)


async def delete_later(connection: AsyncConnection, keys: Sequence[str]) -> None:
    """Schedule the deletion of objects, in the caller's transaction."""
    if keys:
        rows = [{"object_key": key} for key in keys]
        await connection.execute(insert(object_deletions).on_conflict_do_nothing(), rows)


class PostgresObjectDeletions:
    """Implements `ObjectDeletions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def batch(self, limit: int) -> AsyncIterator[Sequence[str]]:
        columns = object_deletions.c
        taken = (
            select(columns.object_key)
            .where(columns.due_at <= func.now())
            .order_by(columns.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        # Claims move the due time instead of locking rows: deleting may take longer than a transaction should be open.
        claim = update(object_deletions).where(columns.object_key.in_(taken)).values(due_at=func.now() + RETRY_AFTER)
        async with self._database.connect() as connection:
            keys = list((await connection.execute(claim.returning(columns.object_key))).scalars())
        yield keys
        if keys:
            async with self._database.connect() as connection:
                await connection.execute(delete(object_deletions).where(columns.object_key.in_(keys)))
