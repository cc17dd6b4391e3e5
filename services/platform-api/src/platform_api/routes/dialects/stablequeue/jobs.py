"""Jobs under `/api/v2/jobs`, and in version 1 under `/api/v1/queue/jobs`."""

import math
from dataclasses import dataclass
from typing import Annotated, Any

from darkroom_chassis.availability import ADVISORY_S
from darkroom_queue import Waiting
from darkroom_redis import RedisUnavailable
from darkroom_schemas.fields import Text
from darkroom_schemas.ids import JobId, UserId
from darkroom_schemas.status import JobStatus
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from platform_api.context import Context, Ctx
from platform_api.domain.errors import NotFound
from platform_api.domain.jobs.cancel import cancel_job
from platform_api.domain.jobs.filters import JobFilter
from platform_api.domain.jobs.job import Job
from platform_api.domain.jobs.view import job_view
from platform_api.http.auth import CurrentUser
from platform_api.http.errors import invalid
from platform_api.http.requests import JobIdPath, Limit, Offset
from platform_api.http.workability import lack_of_job, lack_of_step
from platform_api.routes.dialects.stablequeue.answers import StableQueueRoute
from platform_api.routes.dialects.stablequeue.mapping import (
    CANCEL_REASON,
    FILTERED,
    STATUS,
    CancelAnswer,
    Filters,
    JobState,
    StableQueueJobList,
    StableQueueListedJob,
    Status,
    StatusAnswer,
    job_state,
    listed_job,
)

router = APIRouter(tags=["stablequeue"], route_class=StableQueueRoute)
V1, V2 = "/api/v1/queue/jobs", "/api/v2/jobs"
MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "No such job, or it belongs to another user"}}
ENDED: dict[int | str, dict[str, Any]] = {409: {"description": "The job is already completed or failed"}}


class JobListV1(BaseModel):
    """A page of jobs."""

    total: int
    jobs: list[StableQueueListedJob]


class CancelAnswerV1(BaseModel):
    """The job was cancelled."""

    message: str
    job: StableQueueListedJob


@dataclass(frozen=True, slots=True)
class _Asked:
    """Parameters of a list."""

    filters: Filters
    where: JobFilter


async def _asked(
    status: Status | None = None,
    app_type: Annotated[
        Text | None, Query(max_length=64, description="forge, comfyui, or any other value that jobs were sent with.")
    ] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    order: Annotated[Text, Query(max_length=4, description="asc or desc, by creation time.")] = "desc",
) -> _Asked:
    if order.upper() not in {"ASC", "DESC"}:
        raise invalid("order", "must be asc or desc")
    filters = Filters(status=status, app_type=app_type, limit=limit, offset=offset, order=order.upper())
    return _Asked(filters, JobFilter(FILTERED[status] if status else (), app_type))


Asked = Annotated[_Asked, Depends(_asked)]


@router.get(f"{V2}/{{job_id}}/status", operation_id="stablequeue_job", summary="Read a job", responses=MISSING)
async def status(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> StatusAnswer:
    """Return a job with its position in the queue or the estimated time remaining."""
    return StatusAnswer(job=await _state(job_id, user_id, context))


@router.get(f"{V1}/{{job_id}}/status", operation_id="stablequeue_job_v1", summary="Read a job", responses=MISSING)
async def status_v1(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> JobState:
    """Return a job as version 2 does, without the envelope."""
    return await _state(job_id, user_id, context)


@router.get(V2, operation_id="stablequeue_jobs", summary="List jobs")
async def list_jobs(context: Ctx, user_id: CurrentUser, asked: Asked) -> StableQueueJobList:
    """List the caller's jobs, newest first by default."""
    total, jobs = await _page(context, user_id, asked)
    return StableQueueJobList(total=total, filters=asked.filters, jobs=jobs)


@router.get(V1, operation_id="stablequeue_jobs_v1", summary="List jobs")
async def list_jobs_v1(context: Ctx, user_id: CurrentUser, asked: Asked) -> JobListV1:
    """List jobs as version 2 does, without the filters in the response."""
    total, jobs = await _page(context, user_id, asked)
    return JobListV1(total=total, jobs=jobs)


@router.post(
    f"{V2}/{{job_id}}/cancel",
    operation_id="cancel_stablequeue_job",
    summary="Cancel a job",
    responses=MISSING | ENDED,
)
async def cancel(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> CancelAnswer:
    """Cancel a waiting or running job at once; idempotent."""
    return CancelAnswer(job=await _cancelled(job_id, user_id, context))


@router.post(
    f"{V1}/{{job_id}}/cancel",
    operation_id="cancel_stablequeue_job_v1",
    summary="Cancel a job",
    responses=MISSING | ENDED,
)
async def cancel_v1(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> CancelAnswerV1:
    """Cancel a job as version 2 does."""
    answer = CancelAnswer(job=await _cancelled(job_id, user_id, context))
    return CancelAnswerV1(message=answer.message, job=answer.job)


async def _state(job_id: JobId, user_id: UserId, context: Context) -> JobState:
    job = await context.jobs.reads.get(job_id, user_id)
    if job is None:
        raise NotFound("job")
    pending = STATUS[job.status] is Status.PENDING
    waiting = await _waiting(context, job) if pending else None
    return job_state(
        job_view(job, context.urls, context.clock()),
        queue_position=await _queue_position(context, job, waiting) if pending else None,
        seconds_left=await _seconds_left(context, job) if job.status is JobStatus.RUNNING else None,
        lack=lack_of_step(waiting) if pending else await lack_of_job(context, job),
    )


async def _page(context: Context, user_id: UserId, asked: _Asked) -> tuple[int, list[StableQueueListedJob]]:
    filters = asked.filters
    page = await context.jobs.reads.page(
        user_id, asked.where, limit=filters.limit, offset=filters.offset, oldest_first=filters.order == "ASC"
    )
    now = context.clock()
    return page.total, [listed_job(job_view(job, context.urls, now)) for job in page.jobs]


async def _cancelled(job_id: JobId, user_id: UserId, context: Context) -> StableQueueListedJob:
    now = context.clock()
    async with context.jobs.transaction() as jobs:
        job = await cancel_job(job_id, user_id, CANCEL_REASON, jobs=jobs, urls=context.urls, now=now)
    context.jobs.wake_relay()
    return listed_job(job_view(job, context.urls, now))


async def _queue_position(context: Context, job: Job, waiting: Waiting | None) -> int:
    """Return the position from 1. A job that the queue does not have yet counts as the last of the waiting ones."""
    if waiting is None:
        return max(1, (await context.jobs.backlog.queued()).get(_step_type(job), 0))
    return waiting.ahead + 1


async def _waiting(context: Context, job: Job) -> Waiting | None:
    """Ask the queue why the job waits; None if the queue does not know its steps or does not answer."""
    try:
        for step in await context.jobs.reads.submitted_steps(job):
            waiting = await context.jobs.waiting.why_waiting(step, ADVISORY_S)
            if waiting is not None:
                return waiting
    except RedisUnavailable:
        return None
    return None


async def _seconds_left(context: Context, job: Job) -> int | None:
    """Return the remainder of the median run time of the step type, in seconds; None if it is not known."""
    capacity = (await context.jobs.capacity.by_type() or {}).get(_step_type(job))
    if capacity is None or capacity.service_s is None or job.started_at is None:
        return None
    median_s, _ = capacity.service_s
    return max(0, math.ceil(median_s - (context.clock() - job.started_at).total_seconds()))


def _step_type(job: Job) -> str:
    return str(job.parameters.get("served_by", job.job_type))
