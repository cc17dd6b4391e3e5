"""Pages of jobs, newest first.

Lists of several statuses merge one index scan per status, so that the cost of a page does not depend on the number of
jobs between its items.
"""

from collections.abc import Sequence
from typing import Any

from darkroom_schemas.ids import JobId, UserId
from darkroom_schemas.status import JobStatus
from sqlalchemy import Column, CompoundSelect, Select, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.jobs.filters import COUNTED_TO, EVERY_JOB, JobFilter
from platform_api.domain.jobs.ports import JobPage
from platform_api.store.jobs.rows import job_of
from platform_api.store.keyset.pagination import KeysetQuery
from platform_api.store.keyset.uuid7_range import created_between, ids_made_between
from platform_api.store.tables.accounts import users
from platform_api.store.tables.jobs import jobs


async def job_page(
    connection: AsyncConnection,
    user_id: UserId,
    where: JobFilter,
    *,
    limit: int,
    before: JobId | None,
    offset: int,
    oldest_first: bool,
) -> JobPage:
    """Read a page and the total count."""
    skipped = 0 if before else offset
    statement = page_of_jobs(user_id, where, rows=limit + 1, before=before, skipped=skipped, oldest_first=oldest_first)
    rows = (await connection.execute(statement)).mappings().all()
    total = (await connection.execute(count_of_jobs(user_id, where))).scalar() or 0
    found = tuple(map(job_of, rows[:limit]))
    cursor = found[-1].id if len(rows) > limit else None
    if where == EVERY_JOB:
        return JobPage(found, cursor, total, True)
    return JobPage(found, cursor, min(total, COUNTED_TO), total <= COUNTED_TO)


def page_of_jobs(
    user_id: UserId, where: JobFilter, *, rows: int, before: JobId | None, skipped: int, oldest_first: bool
) -> Select[Any]:
    """Select the rows of a page."""
    walks = _walks(user_id, where, before)
    if len(walks) == 1:
        return walks[0].of(select(jobs), rows=rows, skipped=skipped, oldest_first=oldest_first)
    ids = _merged(walks, rows=skipped + rows, oldest_first=oldest_first).subquery()
    wanted = select(ids).order_by(ids.c.id.asc() if oldest_first else ids.c.id.desc()).offset(skipped).limit(rows)
    return select(jobs).where(jobs.c.id.in_(wanted)).order_by(jobs.c.id.asc() if oldest_first else jobs.c.id.desc())


def count_of_jobs(user_id: UserId, where: JobFilter) -> Select[Any]:
    """Count jobs; filtered lists are counted up to `COUNTED_TO` + 1."""
    if where == EVERY_JOB:
        return select(users.c.jobs_total).where(users.c.id == user_id)
    found = _merged(_walks(user_id, where), rows=COUNTED_TO + 1).subquery()
    return select(func.count()).select_from(select(found).limit(COUNTED_TO + 1).subquery())


def _merged(walks: Sequence[KeysetQuery], *, rows: int, oldest_first: bool = False) -> CompoundSelect[Any]:
    return union_all(*(walk.of(select(jobs.c.id), rows=rows, oldest_first=oldest_first) for walk in walks))


def _walks(user_id: UserId, where: JobFilter, before: JobId | None = None) -> list[KeysetQuery]:
    columns = jobs.c
    ids = ids_made_between(where.created_from, where.created_before, before)
    filters = tuple(created_between(columns.created_at, where.created_from, where.created_before))
    of_user: dict[Column[Any], str] = {columns.user_id: user_id}
    if where.job_type is not None:
        of_user[columns.job_type] = where.job_type
    elif not where.statuses:
        return [KeysetQuery(columns.id, of_user, ids, filters)]
    return [
        KeysetQuery(columns.id, {**of_user, columns.status: status.value}, ids, filters)
        for status in where.statuses or JobStatus
    ]
