"""Reads of assets. Who may see one is decided by the caller: by its owner, or by a signed link."""

from darkroom_chassis.database import Database
from darkroom_schemas.ids import AssetId, UserId
from sqlalchemy import select

from platform_api.domain.job import Asset
from platform_api.domain.ports import AssetPage
from platform_api.store.rows import asset_of
from platform_api.store.tables import assets, users


class PostgresAssets:
    """Implements `AssetReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, asset_id: AssetId) -> Asset | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(select(assets).where(assets.c.id == asset_id))).mappings().first()
        return asset_of(row) if row else None

    async def page(self, user_id: UserId, *, limit: int, before: AssetId | None, offset: int) -> AssetPage:
        statement = select(assets).where(assets.c.user_id == user_id).order_by(assets.c.id.desc()).limit(limit + 1)
        statement = statement.where(assets.c.id < before) if before else statement.offset(offset)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
            total = (await connection.execute(select(users.c.assets_total).where(users.c.id == user_id))).scalar()
        found = tuple(map(asset_of, rows[:limit]))
        return AssetPage(found, found[-1].id if len(rows) > limit else None, total or 0)
