"""Finds steps whose state the reconciler compares with the queue."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.ids import JobId, step_id
from darkroom_schemas.status import ACTIVE, JobStatus
from sqlalchemy import Column, ColumnElement, Row, Select, bindparam, literal, select, tuple_

from platform_api.domain.jobs.ports import StepRef
from platform_api.store.tables.jobs import jobs, steps

PAGE = 200
"""Steps per page; limits the memory for their payloads."""


class PostgresStaleSteps:
    """Implements `StaleSteps`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(
        self, submitted_before: datetime, submitted_after: datetime | None = None
    ) -> AsyncIterator[Sequence[StepRef]]:
        return self._pages(pending_steps(submitted_before, submitted_after), steps.c.submitted_at)

    def revoked(self, finished_after: datetime) -> AsyncIterator[Sequence[StepRef]]:
        return self._pages(revoked_steps(finished_after), steps.c.finished_at)

    async def _pages(self, statement: Select[Any], by: Column[datetime]) -> AsyncIterator[Sequence[StepRef]]:
        last: tuple[datetime, str, int, int] | None = None
        while True:
            async with self._database.connect() as connection:
                rows = (await connection.execute(page_after(statement, by, last))).all()
            if rows:
                yield [_ref(row) for row in rows]
            if len(rows) < PAGE:
                return
            last = (getattr(rows[-1], by.name), rows[-1].job_id, rows[-1].run, rows[-1].number)


def _ref(row: Row[Any]) -> StepRef:
    return StepRef(step_id(JobId(row.job_id), row.run, row.number), JobId(row.job_id), JobStatus(row.status))


def pending_steps(submitted_before: datetime, submitted_after: datetime | None = None) -> Select[Any]:
    """Select the active steps of current runs that were submitted before the one moment and after the other."""
    current = (jobs.c.id == steps.c.job_id) & (jobs.c.run == steps.c.run)
    submitted = [steps.c.submitted_at < submitted_before, steps.c.submitted_at.is_not(None)]
    if submitted_after is not None:
        submitted.append(steps.c.submitted_at > submitted_after)
    return _names().join(jobs, current).where(_in([*ACTIVE]), *submitted)


def revoked_steps(finished_after: datetime) -> Select[Any]:
    """Select the submitted steps that failed or were cancelled after that moment."""
    ended = _in([JobStatus.FAILED, JobStatus.CANCELLED])
    return _names().where(ended, steps.c.finished_at > finished_after, steps.c.submitted_at.is_not(None))


def _names() -> Select[Any]:
    key = (steps.c.job_id, steps.c.run, steps.c.number)
    return select(*key, steps.c.status, steps.c.submitted_at, steps.c.finished_at)


def page_after(
    statement: Select[Any], by: Column[datetime], last: tuple[datetime, str, int, int] | None
) -> Select[Any]:
    """Select the page that follows the row `last`."""
    columns = (by, steps.c.job_id, steps.c.run, steps.c.number)
    key, types = tuple_(*columns), [column.type for column in columns]
    page = statement.order_by(*columns).limit(PAGE)
    return page if last is None else page.where(key > tuple_(*map(literal, last, types)))


def _in(statuses: list[JobStatus]) -> ColumnElement[bool]:
    # Literals instead of parameters: a plan for parameters could not use a partial index on statuses.
    words = sorted(status.value for status in statuses)
    return steps.c.status.in_(bindparam("statuses", words, expanding=True, literal_execute=True))
