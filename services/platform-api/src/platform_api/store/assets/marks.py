"""Favourites and tags of assets."""

from darkroom_chassis.database import Database
from darkroom_schemas.events import EventType
from darkroom_schemas.ids import AssetId, UserId
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.assets.asset import Asset
from platform_api.domain.assets.marks import MarkChange, TagCount
from platform_api.store.assets.rows import WITH_TAGS, asset_of
from platform_api.store.log.rows import asset_event
from platform_api.store.tables.assets import asset_tags, assets
from platform_api.store.tables.jobs import jobs
from platform_api.store.tables.log import outbox


class PostgresAssetMarks:
    """Implements `AssetMarks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self, asset_id: AssetId, user_id: UserId, change: MarkChange) -> Asset | None:
        own = WITH_TAGS.where(assets.c.id == asset_id, assets.c.user_id == user_id)
        async with self._database.begin() as connection:
            row = (await connection.execute(own.with_for_update(of=assets))).mappings().first()
            if row is None:
                return None
            before = asset_of(row)
            if change.favourite is not None:
                marked = update(assets).where(assets.c.id == asset_id).values(favourite=change.favourite)
                await connection.execute(marked)
            if change.tags is not None:
                await _tag(connection, before, change)
            row = (await connection.execute(own)).mappings().one()
            after = asset_of(row)
            if after != before and after.job_id is not None:
                trace = select(jobs.c.trace_id).where(jobs.c.id == after.job_id)
                trace_id = (await connection.execute(trace)).scalar_one()
                marks = {"favourite": after.favourite, "tags": list(after.tags)}
                event = asset_event(EventType.ASSET_UPDATED, row, trace_id, marks)
                await connection.execute(insert(outbox), [event])
        return after

    async def tags(self, user_id: UserId, *, limit: int, after: str | None) -> list[TagCount]:
        columns = asset_tags.c
        statement = (
            select(columns.tag, func.min(columns.name).label("name"), func.count().label("number"))
            .where(columns.user_id == user_id, *(() if after is None else (columns.tag > after,)))
            .group_by(columns.tag)
            .order_by(columns.tag)
            .limit(limit)
        )
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).all()
        return [TagCount(row.name, row.tag, row.number) for row in rows]


async def _tag(connection: AsyncConnection, asset: Asset, change: MarkChange) -> None:
    tags = change.tags or {}
    columns = asset_tags.c
    gone = delete(asset_tags).where(columns.asset_id == asset.id, columns.tag.not_in(tags))
    await connection.execute(gone)
    if not tags:
        return
    rows = [{"user_id": asset.user_id, "asset_id": asset.id, "tag": tag, "name": name} for tag, name in tags.items()]
    added = upsert(asset_tags).values(rows)
    key = [columns.user_id, columns.tag, columns.asset_id]
    await connection.execute(added.on_conflict_do_update(index_elements=key, set_={"name": added.excluded.name}))
