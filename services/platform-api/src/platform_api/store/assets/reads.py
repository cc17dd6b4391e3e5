"""Reads of assets. The caller checks access: by owner, or by signed link."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.ids import AssetId, UserId
from darkroom_schemas.inputs import InputFile
from darkroom_schemas.worker import Requirements
from sqlalchemy import Column, ColumnElement, Date, Select, cast, func, select, true, tuple_
from sqlalchemy.exc import DataError

from platform_api.domain.assets.asset import Asset, Origin
from platform_api.domain.assets.filters import EVERY_ASSET, AssetFilter
from platform_api.domain.assets.ports import AssetDay, AssetPage
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.jobs.filters import COUNTED_TO
from platform_api.store.assets.conditions import is_of_kind, marked
from platform_api.store.assets.rows import WITH_TAGS, asset_of
from platform_api.store.keyset.pagination import KeysetQuery
from platform_api.store.keyset.uuid7_range import created_between, ids_made_between
from platform_api.store.tables.accounts import users
from platform_api.store.tables.assets import assets
from platform_api.store.tables.jobs import steps


class PostgresAssets:
    """Implements `AssetReads` and `AssetFiles`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, asset_id: AssetId) -> Asset | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(WITH_TAGS.where(assets.c.id == asset_id))).mappings().first()
        return asset_of(row) if row else None

    async def some(self, user_id: UserId, asset_ids: Collection[AssetId]) -> list[Asset]:
        own = WITH_TAGS.where(assets.c.id.in_(asset_ids), assets.c.user_id == user_id)
        async with self._database.connect() as connection:
            return [asset_of(row) for row in (await connection.execute(own)).mappings()]

    async def files(self, user_id: UserId, asset_ids: Collection[AssetId]) -> dict[AssetId, InputFile]:
        columns = assets.c
        statement = select(columns.id, columns.object_key, columns.mime_type, columns.size_bytes, columns.sha256)
        statement = statement.where(columns.id.in_(asset_ids), columns.user_id == user_id)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).all()
        return {
            row.id: InputFile.model_construct(
                key=row.object_key, mime_type=row.mime_type, size_bytes=row.size_bytes, sha256=row.sha256
            )
            for row in rows
        }

    async def origin(self, asset: Asset) -> Origin:
        columns = steps.c
        statement = select(columns.job_type, columns.payload, columns.price_mc, columns.requirements).where(
            columns.job_id == asset.job_id, columns.run == asset.run, columns.number == asset.step
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).one()
        requirements = Requirements.model_validate(row.requirements) if row.requirements else None
        return Origin(row.job_type, row.payload, row.price_mc, requirements)

    async def page(
        self, user_id: UserId, where: AssetFilter, *, limit: int, before: AssetId | None, offset: int
    ) -> AssetPage:
        statement = page_of_assets(user_id, where, rows=limit + 1, before=before, skipped=0 if before else offset)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
            total = (await connection.execute(count_of_assets(user_id, where))).scalar() or 0
        found = tuple(map(asset_of, rows[:limit]))
        cursor = found[-1].id if len(rows) > limit else None
        if where == EVERY_ASSET:
            return AssetPage(found, cursor, total, True)
        return AssetPage(found, cursor, min(total, COUNTED_TO), total <= COUNTED_TO)

    async def calendar(self, user_id: UserId, where: AssetFilter, *, time_zone: str, limit: int) -> list[AssetDay]:
        statement = days_of_assets(user_id, where, time_zone).limit(limit)
        async with self._database.connect() as connection:
            try:
                # Also checks the zone for users without assets.
                await connection.execute(select(func.timezone(time_zone, func.now())))
                rows = (await connection.execute(statement)).all()
            except DataError as error:
                if getattr(error.orig, "sqlstate", None) != _UNKNOWN_TIME_ZONE:
                    raise
                raise InvalidParameter("time_zone", "is not the name of a time zone, such as Europe/Berlin") from None
        return [AssetDay(row.day, row.number) for row in rows]


_UNKNOWN_TIME_ZONE = "22023"
"""SQLSTATE invalid_parameter_value."""


def days_of_assets(user_id: UserId, where: AssetFilter, time_zone: str) -> Select[date, int]:
    """Count a user's assets by day of a time zone, newest first."""
    day = cast(func.timezone(time_zone, assets.c.created_at), Date).label("day")
    statement = select(day, func.count().label("number")).where(assets.c.user_id == user_id)
    if where.job_type is not None:
        statement = statement.where(assets.c.job_type == where.job_type)
    if where.mime_type is not None:
        statement = statement.where(is_of_kind(where.mime_type))
    return statement.where(*marked(user_id, where)).group_by(day).order_by(day.desc())


def page_of_assets(
    user_id: UserId, where: AssetFilter, *, rows: int, before: AssetId | None, skipped: int
) -> Select[Any]:
    """Select the rows of a page: newest first, or for one job in the order of its steps."""
    if where.job_id is not None:
        return _in_order(user_id, where, before).offset(skipped).limit(rows)
    return _walk(user_id, where, before).of(WITH_TAGS, rows=rows, skipped=skipped)


def count_of_assets(user_id: UserId, where: AssetFilter) -> Select[Any]:
    """Count assets; filtered lists are counted up to `COUNTED_TO` + 1."""
    if where == EVERY_ASSET:
        return select(users.c.assets_total).where(users.c.id == user_id)
    if where.job_id is not None:
        return select(func.count()).where(*_of_job(user_id, where))
    found = _walk(user_id, where, None).of(select(assets.c.id), rows=COUNTED_TO + 1)
    return select(func.count()).select_from(found.subquery())


def _in_order(user_id: UserId, where: AssetFilter, before: AssetId | None) -> Select[Any]:
    columns = assets.c
    place = (columns.run, columns.step, columns.output_index)
    statement = WITH_TAGS.where(*_of_job(user_id, where)).order_by(*place)
    if before is None:
        return statement
    other = assets.alias()
    last = select(other.c.run, other.c.step, other.c.output_index).where(other.c.id == before).scalar_subquery()
    # If the cursor's asset was deleted, the list restarts: repeated items are better than missing ones.
    return statement.where(func.coalesce(tuple_(*place) > last, true()))


def _of_job(user_id: UserId, where: AssetFilter) -> Iterator[ColumnElement[bool]]:
    columns = assets.c
    yield columns.job_id == where.job_id
    yield columns.user_id == user_id
    yield from created_between(columns.created_at, where.created_from, where.created_before)
    if where.job_type is not None:
        yield columns.job_type == where.job_type
    if where.mime_type is not None:
        yield is_of_kind(where.mime_type)
    yield from marked(user_id, where)


def _walk(user_id: UserId, where: AssetFilter, before: AssetId | None) -> KeysetQuery:
    columns = assets.c
    values: dict[Column[Any], str] = {columns.user_id: user_id}
    filters = [
        *created_between(columns.created_at, where.created_from, where.created_before),
        *marked(user_id, where),
    ]
    if where.job_type is not None:
        values[columns.job_type] = where.job_type
    if where.mime_type is not None:
        if where.job_type is not None or where.mime_type.endswith("/*"):
            filters.append(is_of_kind(where.mime_type))
        else:
            values[columns.mime_type] = where.mime_type
    return KeysetQuery(
        columns.id, values, ids_made_between(where.created_from, where.created_before, before), tuple(filters)
    )
