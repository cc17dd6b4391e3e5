"""Pages of jobs, newest first."""

from collections.abc import Iterator

from darkroom_schemas.ids import JobId, UserId
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.job_filter import COUNTED_TO, EVERY_JOB, JobFilter
from platform_api.domain.ports import JobPage
from platform_api.store.rows import job_of
from platform_api.store.tables import jobs, users
from platform_api.store.time_ids import created_between


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
    """Read a page and count the whole."""
    order = jobs.c.id.asc() if oldest_first else jobs.c.id.desc()
    statement = select(jobs).where(*_conditions(user_id, where)).order_by(order).limit(limit + 1)
    statement = statement.where(jobs.c.id < before) if before else statement.offset(offset)
    rows = (await connection.execute(statement)).mappings().all()
    total = await _count(connection, user_id, where)
    found = tuple(map(job_of, rows[:limit]))
    return JobPage(found, found[-1].id if len(rows) > limit else None, min(total, COUNTED_TO), total <= COUNTED_TO)


async def _count(connection: AsyncConnection, user_id: UserId, where: JobFilter) -> int:
    if where == EVERY_JOB:
        counter = select(users.c.jobs_total).where(users.c.id == user_id)
        return (await connection.execute(counter)).scalar() or 0
    matching = select(jobs.c.id).where(*_conditions(user_id, where)).limit(COUNTED_TO + 1).subquery()
    return (await connection.execute(select(func.count()).select_from(matching))).scalar_one()


def _conditions(user_id: UserId, where: JobFilter) -> Iterator[ColumnElement[bool]]:
    columns = jobs.c
    yield columns.user_id == user_id
    if where.statuses:
        yield columns.status.in_([status.value for status in where.statuses])
    if where.job_type is not None:
        yield columns.job_type == where.job_type
    yield from created_between(columns.id, columns.created_at, where.created_from, where.created_before)
