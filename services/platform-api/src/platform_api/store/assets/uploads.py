"""Rows of uploads, and the announcement of their objects."""

from collections.abc import Sequence
from datetime import timedelta

from darkroom_chassis.database import Database
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.assets.asset import Asset
from platform_api.domain.assets.upload import UPLOAD
from platform_api.domain.errors import TooManyUploads
from platform_api.store.assets.rows import row_of
from platform_api.store.tables.accounts import users
from platform_api.store.tables.assets import assets
from platform_api.store.tables.object_removal import object_deletions

DELETE_AFTER = timedelta(hours=1)


class PostgresAnnouncedObjects:
    """Implements `AnnouncedObjects`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def announce(self, keys: Sequence[str]) -> None:
        rows = [{"object_key": key, "due_at": func.now() + DELETE_AFTER} for key in keys]
        async with self._database.connect() as connection:
            await connection.execute(upsert(object_deletions).values(rows).on_conflict_do_nothing())


class PostgresNewUploads:
    """Implements `NewUploads`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, upload: Asset, *, limit: int) -> None:
        columns, keys = assets.c, [upload.object_key, upload.thumbnail_key]
        # The lock of the user's row also makes concurrent uploads of a user count one another.
        count_up = update(users).where(users.c.id == upload.user_id).values(assets_total=users.c.assets_total + 1)
        await self._connection.execute(count_up)
        own = select(columns.id).where(columns.user_id == upload.user_id, columns.job_type == UPLOAD).limit(limit)
        stored = (await self._connection.execute(select(func.count()).select_from(own.subquery()))).scalar() or 0
        if stored >= limit:
            raise TooManyUploads(limit)
        await self._connection.execute(insert(assets).values(row_of(upload, UPLOAD)))
        await self._connection.execute(delete(object_deletions).where(object_deletions.c.object_key.in_(keys)))
