"""Reads of assets. Who may see one is decided by the caller: by its owner, or by a signed link."""

from collections.abc import Iterator

from darkroom_chassis.database import Database
from darkroom_schemas.ids import AssetId, UserId
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.asset_filter import EVERY_ASSET, AssetFilter
from platform_api.domain.job import Asset
from platform_api.domain.job_filter import COUNTED_TO
from platform_api.domain.ports import AssetPage
from platform_api.store.rows import asset_of
from platform_api.store.tables import assets, users
from platform_api.store.time_ids import created_between


class PostgresAssets:
    """Implements `AssetReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, asset_id: AssetId) -> Asset | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(select(assets).where(assets.c.id == asset_id))).mappings().first()
        return asset_of(row) if row else None

    async def page(
        self, user_id: UserId, where: AssetFilter, *, limit: int, before: AssetId | None, offset: int
    ) -> AssetPage:
        conditions = list(_conditions(user_id, where))
        statement = select(assets).where(*conditions).order_by(assets.c.id.desc()).limit(limit + 1)
        statement = statement.where(assets.c.id < before) if before else statement.offset(offset)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
            total = await _count(connection, user_id, where)
        found = tuple(map(asset_of, rows[:limit]))
        return AssetPage(found, found[-1].id if len(rows) > limit else None, *total)


async def _count(connection: AsyncConnection, user_id: UserId, where: AssetFilter) -> tuple[int, bool]:
    """Return the number, and whether it is exact: a filtered list is counted up to a bound."""
    if where == EVERY_ASSET:
        counter = select(users.c.assets_total).where(users.c.id == user_id)
        return (await connection.execute(counter)).scalar() or 0, True
    matching = select(assets.c.id).where(*_conditions(user_id, where)).limit(COUNTED_TO + 1).subquery()
    counted = (await connection.execute(select(func.count()).select_from(matching))).scalar_one()
    return min(counted, COUNTED_TO), counted <= COUNTED_TO


def _conditions(user_id: UserId, where: AssetFilter) -> Iterator[ColumnElement[bool]]:
    columns = assets.c
    yield columns.user_id == user_id
    if where.job_id is not None:
        yield columns.job_id == where.job_id
    if where.job_type is not None:
        yield columns.job_type == where.job_type
    if where.mime_type is not None:
        family, _, kind = where.mime_type.partition("/")
        yield (
            columns.mime_type.startswith(f"{family}/", autoescape=True)
            if kind == "*"
            else (columns.mime_type == where.mime_type)
        )
    yield from created_between(columns.id, columns.created_at, where.created_from, where.created_before)
