"""Jobs with an attempt that ended without a result: it may have stored objects that nothing refers to."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from darkroom_chassis.database import Database
from darkroom_schemas.ids import JobId
from darkroom_schemas.status import TERMINAL
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.store.tables.assets import assets
from platform_api.store.tables.jobs import jobs
from platform_api.store.tables.object_removal import orphan_scans

LOOK_AFTER = timedelta(days=1)


async def scan_later(connection: AsyncConnection, job_ids: Iterable[JobId]) -> None:
    """Schedule a scan of the jobs' objects a day from now, in the caller's transaction."""
    due_at = func.now() + LOOK_AFTER
    if rows := [{"job_id": job_id, "due_at": due_at} for job_id in sorted(job_ids)]:
        order = insert(orphan_scans).values(rows)
        await connection.execute(
            order.on_conflict_do_update(index_elements=["job_id"], set_={"due_at": order.excluded.due_at})
        )


class PostgresOrphanScans:
    """Implements `OrphanScans`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def batch(self, limit: int) -> AsyncIterator[Mapping[JobId, Collection[str]]]:
        checks = orphan_scans.c
        due = select(checks.job_id).where(checks.due_at <= func.now()).order_by(checks.due_at).limit(limit)
        # Claims move the due time. Scans that fail, since the job is active or the store is unavailable, are due again
        # a day later.
        claim = (
            update(orphan_scans)
            .where(checks.job_id.in_(due.with_for_update(skip_locked=True)))
            .values(due_at=func.now() + LOOK_AFTER)
            .returning(checks.job_id, checks.due_at)
        )
        async with self._database.connect() as connection:
            claimed = (await connection.execute(claim)).all()
            ended = await _ended(connection, [row.job_id for row in claimed])
        yield ended
        if ended:
            # A scan that was scheduled again in the meantime has another due time and is not deleted.
            unchanged = select(checks.job_id).where(checks.job_id.in_(ended), checks.due_at == claimed[0].due_at)
            done = delete(orphan_scans).where(checks.job_id.in_(unchanged.with_for_update(skip_locked=True)))
            async with self._database.connect() as connection:
                await connection.execute(done)


async def _ended(connection: AsyncConnection, job_ids: Collection[JobId]) -> dict[JobId, set[str]]:
    """Return the jobs that have ended or were deleted, with the keys that their assets refer to."""
    if not job_ids:
        return {}
    active = select(jobs.c.id).where(jobs.c.id.in_(job_ids), jobs.c.status.not_in(sorted(TERMINAL)))
    ended = set(job_ids) - set((await connection.execute(active)).scalars())
    named: defaultdict[JobId, set[str]] = defaultdict(set)
    columns = select(assets.c.job_id, assets.c.object_key, assets.c.thumbnail_key)
    for row in await connection.execute(columns.where(assets.c.job_id.in_(ended))):
        named[row.job_id] |= {row.object_key, row.thumbnail_key}
    return {job_id: named[job_id] for job_id in ended}
