"""`GET /api/jobs`."""

from typing import Annotated, Any

from darkroom_schemas.job import JobView
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from platform_api.context import Ctx
from platform_api.domain.jobs.filters import JobFilter
from platform_api.domain.jobs.ports import JobPage
from platform_api.domain.jobs.view import job_view
from platform_api.http.auth import CurrentUser
from platform_api.http.pagination import Pagination
from platform_api.http.requests import AnyContentTypeRoute, JobCursor, JobTypeFilter, Limit, Offset
from platform_api.http.times import QueryTime
from platform_api.routes.dialects.emprops.mapping import (
    FILTERED,
    EmPropsJob,
    StatusFilter,
    emprops_job,
)
from platform_api.routes.dialects.ourvidz.mapping import metadata

router = APIRouter(tags=["jobs"], route_class=AnyContentTypeRoute)


class ListedJob(EmPropsJob):
    """A job in a list; `metadata` as in `GET /api/jobs/{id}`."""

    metadata: dict[str, Any]


class JobList(BaseModel):
    """A page of jobs, newest first."""

    data: list[ListedJob]
    error: None = None
    pagination: Pagination


async def _filter(
    status: Annotated[
        list[StatusFilter],
        Query(
            max_length=len(FILTERED),
            description="Repeatable. `pending` is queued or delayed, `processing` is running.",
        ),
    ] = [],  # noqa: B006 - FastAPI copies defaults
    job_type: JobTypeFilter = None,
    created_after: Annotated[QueryTime | None, Query(description="Created at or after this time.")] = None,
    created_before: Annotated[QueryTime | None, Query(description="Created before this time.")] = None,
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
    page = await context.jobs.reads.page(user_id, where, limit=limit, before=cursor, offset=offset)
    now = context.clock()
    jobs = [listed_job(job_view(job, context.urls, now)) for job in page.jobs]
    answer = JobList(data=jobs, pagination=_pagination(page, limit))
    return Response(answer.model_dump_json(), media_type="application/json")


def _pagination(page: JobPage, limit: int) -> Pagination:
    return Pagination(limit=limit, total=page.total, total_is_exact=page.total_is_exact, cursor=page.cursor)


def listed_job(job: JobView) -> ListedJob:
    """Return a job as list item."""
    return ListedJob(**emprops_job(job).model_dump(), metadata=metadata(job))
