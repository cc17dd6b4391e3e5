"""Reads of jobs. Every read is restricted to a user."""

from collections.abc import Sequence

from darkroom_chassis.batcher import Batcher
from darkroom_chassis.database import Database
from darkroom_schemas.ids import JobId, StepId, UserId, step_id
from darkroom_schemas.status import ACTIVE, JobStatus
from psycopg.rows import DictRow
from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from platform_api.domain.jobs.filters import EVERY_JOB, JobFilter
from platform_api.domain.jobs.job import Job, Step
from platform_api.domain.jobs.ports import JobPage, JobSnapshot
from platform_api.store.jobs.lists import job_page
from platform_api.store.jobs.rows import JOB_FIELDS, history_of, job_of, step_of
from platform_api.store.tables.jobs import jobs, steps

_ONE = select(jobs).where(jobs.c.id == bindparam("job_id"), jobs.c.user_id == bindparam("owner"))
MOST_AT_ONCE = 50
# OFFSET 0 forces a lookup by id for each job, even with a plan that was cached when the table was small.
SOME = f"""SELECT {", ".join(JOB_FIELDS)} FROM unnest(CAST(%(ids)s AS uuid[])) AS asked
CROSS JOIN LATERAL (SELECT * FROM platform.jobs WHERE id = asked OFFSET 0) AS job""".encode()  # noqa: S608 - constant names
# A subquery of the same statement, so that the job and its history come from one snapshot.
_HISTORY = literal_column(
    "(SELECT jsonb_agg(h ORDER BY h.seq) FROM platform.job_history h WHERE h.job_id = platform.jobs.id)", JSONB
)
_WITH_HISTORY = _ONE.add_columns(_HISTORY.label("history"))


class PostgresJobs:
    """Implements `JobReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batcher = Batcher(self._read, max_batch=MOST_AT_ONCE)

    async def get(self, job_id: JobId, user_id: UserId) -> Job | None:
        row = await self._batcher(None, job_id)
        return job_of(row) if row and row["user_id"] == user_id else None

    async def _read(self, job_ids: Sequence[JobId]) -> list[DictRow | None]:
        async with self._database.bare() as connection:
            rows = await (await connection.execute(SOME, {"ids": list(job_ids)})).fetchall()
        found = {row["id"]: row for row in rows}
        return [found.get(job_id) for job_id in job_ids]

    async def snapshot(self, job_id: JobId, user_id: UserId) -> JobSnapshot | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(_WITH_HISTORY, {"job_id": job_id, "owner": user_id})).mappings().first()
        if row is None:
            return None
        entries = row["history"]
        announced_seq = sum(entry["event_id"] is not None for entry in entries)
        return JobSnapshot(job_of(row), tuple(map(history_of, entries)), announced_seq)

    async def steps(self, job: Job) -> list[Step]:
        statement = select(steps).where(steps.c.job_id == job.id, steps.c.run == job.run).order_by(steps.c.number)
        async with self._database.connect() as connection:
            return [step_of(row) for row in (await connection.execute(statement)).mappings()]

    async def running_steps(self, job: Job) -> list[StepId]:
        if job.steps_total == 1:
            return [step_id(job.id, job.run, 0)]
        columns = steps.c
        statement = select(columns.number).where(
            columns.job_id == job.id, columns.run == job.run, columns.status == JobStatus.RUNNING.value
        )
        async with self._database.connect() as connection:
            return [step_id(job.id, job.run, number) for number in (await connection.execute(statement)).scalars()]

    async def submitted_steps(self, job: Job) -> list[StepId]:
        columns = steps.c
        statement = select(columns.number).where(
            columns.job_id == job.id,
            columns.run == job.run,
            columns.submitted_at.is_not(None),
            columns.status.in_([status.value for status in ACTIVE]),
        )
        async with self._database.connect() as connection:
            numbers = (await connection.execute(statement.order_by(columns.number))).scalars()
            return [step_id(job.id, job.run, number) for number in numbers]

    async def page(
        self,
        user_id: UserId,
        where: JobFilter = EVERY_JOB,
        *,
        limit: int,
        before: JobId | None = None,
        offset: int = 0,
        oldest_first: bool = False,
    ) -> JobPage:
        async with self._database.connect() as connection:
            return await job_page(
                connection, user_id, where, limit=limit, before=before, offset=offset, oldest_first=oldest_first
            )
