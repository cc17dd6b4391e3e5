"""`GET /api/jobs`, `GET /api/jobs/{id}/history` and `POST /api/jobs/{id}/cancel`."""

from typing import Annotated, Any

from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import Text
from darkroom_schemas.job import JobView
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from platform_api.domain.cancel_job import cancel_job
from platform_api.domain.errors import NotFound
from platform_api.domain.job_filter import JobFilter
from platform_api.domain.ports import JobPage
from platform_api.domain.view import job_view
from platform_api.routes.auth import CurrentUser
from platform_api.routes.context import Ctx
from platform_api.routes.emprops.mapping import (
    FILTERED,
    EmPropsHistoryEntry,
    EmPropsJob,
    StatusFilter,
    emprops_history,
    emprops_job,
)
from platform_api.routes.ourvidz.mapping import JobAnswer, job_answer, metadata
from platform_api.routes.requests import AnyContentTypeRoute, JobCursor, JobIdPath, JobTypeFilter, Limit, Offset
from platform_api.routes.times import QueryTime

router = APIRouter(tags=["jobs"], route_class=AnyContentTypeRoute)


class ListedJob(EmPropsJob):
    """A job in a list; `metadata` as in `GET /api/jobs/{id}`."""

    metadata: dict[str, Any]


class Pagination(BaseModel):
    """Where the page stands in the whole."""

    limit: int
    total: int = Field(description="How many there are; of a filtered list, 10,000 at most.")
    total_is_exact: bool = Field(description="False where there are more than `total` says.")
    cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")


class JobList(BaseModel):
    """A page of jobs, newest first."""

    data: list[ListedJob]
    error: None = None
    pagination: Pagination


class CancelRequest(RequestBody):
    """Why; shown in the job's history."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "changed my mind"}]})

    reason: Annotated[Text, Field(max_length=200)] = "cancelled by the user"


class JobHistory(BaseModel):
    """All that happened to a job, oldest first."""

    data: list[EmPropsHistoryEntry]
    error: None = None


async def _filter(
    status: Annotated[
        list[StatusFilter],
        Query(
            max_length=len(FILTERED),
            description="May be repeated. `pending` is queued or delayed, `processing` running.",
        ),
    ] = [],  # noqa: B006 - FastAPI copies defaults
    job_type: JobTypeFilter = None,
    created_after: Annotated[QueryTime | None, Query(description="Created then or later.")] = None,
    created_before: Annotated[QueryTime | None, Query(description="Created earlier.")] = None,
) -> JobFilter:
    statuses = {known for word in status for known in FILTERED[word]}
    return JobFilter(tuple(sorted(statuses)), job_type, created_after, created_before)


Filter = Annotated[JobFilter, Depends(_filter)]


@router.get("/api/jobs", operation_id="list_jobs", summary="List jobs", response_model=JobList)
async def list_jobs(
    context: Ctx,
    user_id: CurrentUser,
    where: Filter,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: JobCursor = None,
) -> Response:
    """List the caller's jobs, newest first."""
    page = await context.jobs.page(user_id, where, limit=limit, before=cursor, offset=offset)
    now = context.clock()
    jobs = [listed_job(job_view(job, context.urls, now)) for job in page.jobs]
    answer = JobList(data=jobs, pagination=_pagination(page, limit))
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get(
    "/api/jobs/{job_id}/history",
    operation_id="get_job_history",
    summary="Read a job's history",
    responses={404: {"description": "No such job, or somebody else's"}},
)
async def history(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> JobHistory:
    """Tell all that happened to a job, in every run, oldest first."""
    snapshot = await context.jobs.snapshot(job_id, user_id)
    if snapshot is None:
        raise NotFound("job")
    return JobHistory(data=[emprops_history(entry) for entry in snapshot.history])


@router.post(
    "/api/jobs/{job_id}/cancel",
    operation_id="cancel_job",
    summary="Cancel a job",
    response_model=JobAnswer,
    responses={
        404: {"description": "No such job, or somebody else's"},
        409: {"description": "The job has completed or failed already"},
    },
)
async def cancel(job_id: JobIdPath, context: Ctx, user_id: CurrentUser, body: CancelRequest | None = None) -> Response:
    """Cancel at once: what was not delivered is refunded, and a running step is stopped. Again is harmless."""
    now = context.clock()
    async with context.unit_of_work() as jobs:
        job = await cancel_job(job_id, user_id, (body or CancelRequest()).reason, jobs=jobs, urls=context.urls, now=now)
    context.ring_relay()
    return Response(job_answer(job_view(job, context.urls, now)).model_dump_json(), media_type="application/json")


def _pagination(page: JobPage, limit: int) -> Pagination:
    return Pagination(limit=limit, total=page.total, total_is_exact=page.total_is_exact, cursor=page.cursor)


def listed_job(job: JobView) -> ListedJob:
    """Say a job in a list."""
    return ListedJob(**emprops_job(job).model_dump(), metadata=metadata(job))
