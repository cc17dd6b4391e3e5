"""Ends a job as an outside system reports it, when the normal events did not arrive."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from darkroom_schemas.ids import JobId, UserId
from darkroom_schemas.status import TERMINAL, JobStatus

from platform_api.domain.clock import Clock
from platform_api.domain.errors import JobFinished, NotFound
from platform_api.domain.jobs.job import Job
from platform_api.domain.jobs.ports import JobChanges, JobsTransaction
from platform_api.domain.jobs.transitions import on_reported_end
from platform_api.domain.jobs.view import AssetUrls
from platform_api.domain.verified_write import VerifiedWrite


@dataclass(frozen=True, slots=True)
class ReportedEnd:
    """Whether the job failed or completed, a message, and the whole report."""

    failed: bool
    message: str
    report: dict[str, Any]


async def report_end_verified(
    job_id: JobId,
    user_id: UserId | None,
    end: ReportedEnd,
    *,
    jobs_transaction: JobsTransaction,
    urls: AssetUrls,
    clock: Clock,
    verified_write: VerifiedWrite,
) -> Job:
    """End the job as `report_end` does, in its own transactions, and verify that it has ended."""

    async def attempt() -> Job:
        async with jobs_transaction() as jobs:
            return await report_end(job_id, user_id, end, jobs=jobs, urls=urls, now=clock())

    async def is_stored(job: Job) -> bool:
        async with jobs_transaction() as jobs:
            stored = (await jobs.load([job_id]))[job_id].job
        return stored.run > job.run or stored.status in TERMINAL

    return await verified_write.write(attempt, is_stored)


async def report_end(
    job_id: JobId, user_id: UserId | None, end: ReportedEnd, *, jobs: JobChanges, urls: AssetUrls, now: datetime
) -> Job:
    """End the job; idempotent. With a `user_id`, only that user's job.

    Raises `NotFound`, or `JobFinished` if the job ended otherwise; a cancelled job counts as failed.
    """
    state = (await jobs.load([job_id])).get(job_id)
    if state is None or (user_id is not None and state.job.user_id != user_id):
        raise NotFound("job")
    if state.job.status in TERMINAL and end.failed is (state.job.status is JobStatus.COMPLETED):
        raise JobFinished(state.job.status)
    status = JobStatus.FAILED if end.failed else JobStatus.COMPLETED
    change = on_reported_end(state, status, end.message, end.report, now, urls)
    if change is None:
        return state.job
    await jobs.save([change])
    return change.state.job
