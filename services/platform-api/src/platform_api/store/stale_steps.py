"""Steps whose state the queue should be asked about."""

from collections.abc import AsyncIterator
from datetime import datetime

from darkroom_chassis.database import Database
from darkroom_schemas.ids import JobId, step_id
from darkroom_schemas.status import ACTIVE, JobStatus
from sqlalchemy import Select, select, tuple_

from platform_api.domain.ports import StepRef
from platform_api.store.tables import jobs, steps

PAGE = 500


class PostgresStaleSteps:
    """Implements `StaleSteps`, in pages, so that a long backlog does not sit in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pending(self, submitted_before: datetime) -> AsyncIterator[StepRef]:
        current = (jobs.c.id == steps.c.job_id) & (jobs.c.run == steps.c.run)
        statement = (
            select(steps)
            .join(jobs, current)
            .where(steps.c.status.in_([status.value for status in ACTIVE]), steps.c.submitted_at < submitted_before)
        )
        async for ref in self._pages(statement):
            yield ref

    async def revoked(self, finished_after: datetime) -> AsyncIterator[StepRef]:
        ended = [JobStatus.FAILED.value, JobStatus.CANCELLED.value]
        statement = select(steps).where(
            steps.c.status.in_(ended), steps.c.finished_at > finished_after, steps.c.submitted_at.is_not(None)
        )
        async for ref in self._pages(statement):
            yield ref

    async def _pages(self, statement: Select[tuple[object, ...]]) -> AsyncIterator[StepRef]:
        key = tuple_(steps.c.submitted_at, steps.c.job_id, steps.c.run, steps.c.number)
        last = None
        while True:
            page = statement.order_by(*key).limit(PAGE)
            if last is not None:
                page = page.where(key > last)
            async with self._database.connect() as connection:
                rows = (await connection.execute(page)).all()
            for row in rows:
                yield StepRef(step_id(JobId(row.job_id), row.run, row.number), JobId(row.job_id))
            if len(rows) < PAGE:
                return
            last = tuple_(rows[-1].submitted_at, rows[-1].job_id, rows[-1].run, rows[-1].number)
