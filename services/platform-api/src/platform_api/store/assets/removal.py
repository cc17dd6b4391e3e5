"""Deletes assets in one transaction: rows, counters, the job's outputs, events, and the scheduled object deletions."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.events import EventType
from darkroom_schemas.ids import AssetId, UserId
from sqlalchemy import Select, Update, bindparam, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.store.assets.object_deletions import delete_later
from platform_api.store.keyset.pagination import KeysetQuery
from platform_api.store.keyset.uuid7_range import MADE_WITHIN, IdRange, created_between, first_id
from platform_api.store.log.rows import asset_event
from platform_api.store.queries import query
from platform_api.store.tables.accounts import users
from platform_api.store.tables.assets import assets
from platform_api.store.tables.jobs import jobs, steps
from platform_api.store.tables.log import outbox

_NAMED_AT_ONCE = 1_000
_SET_OUTPUTS = update(jobs).where(jobs.c.id == bindparam("of_job")).values(outputs=bindparam("left"))
_COUNT_DOWN = (
    update(users)
    .where(users.c.id == bindparam("owner"))
    .values(assets_total=users.c.assets_total - bindparam("removed"))
)


class PostgresAssetRemoval:
    """Implements `AssetRemoval`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remove(self, asset_id: AssetId, user_id: UserId) -> bool:
        own = (assets.c.id == asset_id, assets.c.user_id == user_id)
        return await self._remove(select(assets.c.id, assets.c.job_id).where(*own)) > 0

    async def step_types(self) -> list[str]:
        async with self._database.connect() as connection:
            while (await connection.execute(name_step_types(limit=_NAMED_AT_ONCE))).rowcount:
                pass
            return list((await connection.execute(text(query("asset_step_types")))).scalars())

    async def remove_older(self, step_type: str, than: datetime, *, limit: int) -> int:
        return await self._remove(older_assets(step_type, than, limit=limit))

    async def _remove(self, chosen: Select[Any]) -> int:
        async with self._database.begin() as connection:
            found = (await connection.execute(chosen)).all()
            if not found:
                return 0
            # Locks: jobs before users, in the order of their ids, as in every transaction.
            locked = select(jobs.c.id, jobs.c.outputs, jobs.c.trace_id).where(
                jobs.c.id.in_({row.job_id for row in found if row.job_id is not None})
            )
            of_jobs = (await connection.execute(locked.order_by(jobs.c.id).with_for_update())).all()
            gone = delete(assets).where(assets.c.id.in_([row.id for row in found])).returning(assets)
            removed = (await connection.execute(gone)).mappings().all()
            if removed:
                await _update_references(connection, of_jobs, removed)
        return len(removed)


def older_assets(step_type: str, than: datetime, *, limit: int) -> Select[Any]:
    """Select the oldest assets of a step type that were created before `than`."""
    ids = IdRange(end=first_id(than, MADE_WITHIN))
    filters = tuple(created_between(assets.c.created_at, None, than))
    walk = KeysetQuery(assets.c.id, {assets.c.step_type: step_type}, ids, filters)
    return walk.of(select(assets.c.id, assets.c.job_id), rows=limit, oldest_first=True)


def name_step_types(*, limit: int) -> Update:
    """Set `step_type` of assets written by the previous release. Replicas claim different rows."""
    nameless = select(assets.c.id).where(assets.c.step_type.is_(None)).order_by(assets.c.step_type, assets.c.id)
    some = nameless.limit(limit).with_for_update(skip_locked=True)
    made_by = (steps.c.job_id == assets.c.job_id) & (steps.c.run == assets.c.run) & (steps.c.number == assets.c.step)
    return update(assets).where(made_by, assets.c.id.in_(some)).values(step_type=steps.c.job_type)


async def _update_references(connection: AsyncConnection, of_jobs: Sequence[Any], removed: Sequence[Any]) -> None:
    """Update everything that refers to the removed assets. Any: SQLAlchemy rows are untyped."""
    gone: defaultdict[str, set[str]] = defaultdict(set)
    for row in removed:
        gone[row["job_id"]].add(row["id"])
    left = [
        {"of_job": job.id, "left": [output for output in job.outputs if output["asset_id"] not in gone[job.id]]}
        for job in of_jobs
        if job.id in gone
    ]
    if left:
        await connection.execute(_SET_OUTPUTS, left)
    await delete_later(connection, [key for row in removed for key in (row["object_key"], row["thumbnail_key"]) if key])
    traces = {job.id: job.trace_id for job in of_jobs}
    of_a_job = [row for row in removed if row["job_id"] is not None]
    if events := [asset_event(EventType.ASSET_DELETED, row, traces[row["job_id"]]) for row in of_a_job]:
        await connection.execute(insert(outbox), events)
    counts = Counter(row["user_id"] for row in removed)
    await connection.execute(_COUNT_DOWN, [{"owner": owner, "removed": counts[owner]} for owner in sorted(counts)])
