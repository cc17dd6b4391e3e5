"""Cancels a user's job."""

from datetime import datetime

from darkroom_schemas.ids import JobId, UserId
from darkroom_schemas.status import JobStatus

from platform_api.domain.errors import JobFinished, NotFound
from platform_api.domain.jobs.job import Job
from platform_api.domain.jobs.ports import JobChanges
from platform_api.domain.jobs.transitions import on_cancel
from platform_api.domain.jobs.view import AssetUrls


async def cancel_job(
    job_id: JobId, user_id: UserId, reason: str, *, jobs: JobChanges, urls: AssetUrls, now: datetime
) -> Job:
    """Cancel a job and return it; idempotent. Raises `NotFound`, or `JobFinished` if it ended otherwise."""
    state = (await jobs.load([job_id])).get(job_id)
    if state is None or state.job.user_id != user_id:
        raise NotFound("job")
    change = on_cancel(state, reason, now, urls)
    if change is None:
        if state.job.status is not JobStatus.CANCELLED:
            raise JobFinished(state.job.status)
        return state.job
    await jobs.save([change])
    return change.state.job
