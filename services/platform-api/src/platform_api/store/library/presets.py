"""Presets of users."""

from dataclasses import asdict

from darkroom_chassis.database import Database
from darkroom_schemas.ids import UserId
from sqlalchemy import RowMapping, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.errors import AlreadyExists, TooManyPresets
from platform_api.domain.library.presets import MAX_PRESETS, Preset
from platform_api.store.accounts.rows import lock_additions
from platform_api.store.tables.presets import presets
from platform_api.store.unique import unique


class PostgresPresets:
    """Implements `Presets`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, user_id: UserId) -> list[Preset]:
        own = select(presets).where(presets.c.user_id == user_id).order_by(presets.c.name).limit(MAX_PRESETS)
        async with self._database.connect() as connection:
            return [_preset(row) for row in (await connection.execute(own)).mappings()]

    async def get(self, user_id: UserId, preset_id: str) -> Preset | None:
        one = select(presets).where(presets.c.id == preset_id, presets.c.user_id == user_id)
        async with self._database.connect() as connection:
            row = (await connection.execute(one)).mappings().first()
        return _preset(row) if row else None

    async def change(self, preset: Preset) -> bool:
        values = {"name": preset.name, "request": preset.request, "updated_at": preset.updated_at}
        one = update(presets).where(presets.c.id == preset.id, presets.c.user_id == preset.user_id)
        async with self._database.connect() as connection:
            with unique("preset", preset.name):
                return bool((await connection.execute(one.values(values))).rowcount)

    async def remove(self, user_id: UserId, preset_id: str) -> bool:
        one = delete(presets).where(presets.c.id == preset_id, presets.c.user_id == user_id)
        async with self._database.connect() as connection:
            return bool((await connection.execute(one)).rowcount)


class PostgresNewPresets:
    """Implements `NewPresets` on the connection of an open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, preset: Preset, *, limit: int) -> None:
        await lock_additions(self._connection, preset.user_id)
        own = select(func.count()).where(presets.c.user_id == preset.user_id)
        if ((await self._connection.execute(own)).scalar() or 0) >= limit:
            raise TooManyPresets(limit)
        added = upsert(presets).values(asdict(preset)).on_conflict_do_nothing(index_elements=["user_id", "name"])
        if (await self._connection.execute(added.returning(presets.c.id))).first() is None:
            raise AlreadyExists("preset", preset.name)


def _preset(row: RowMapping) -> Preset:
    return Preset(**row)
