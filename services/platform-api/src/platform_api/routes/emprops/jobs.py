"""`GET /api/jobs` and `POST /api/jobs/{id}/cancel`."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from platform_api.domain.cancel_job import cancel_job
from platform_api.domain.view import job_view
from platform_api.routes.auth import CurrentUser
from platform_api.routes.context import Ctx
from platform_api.routes.emprops.mapping import EmPropsJob, emprops_job
from platform_api.routes.ourvidz.mapping import JobAnswer, job_answer, metadata
from platform_api.routes.requests import AnyContentTypeRoute, JobCursor, JobIdPath, Limit, Offset

router = APIRouter(tags=["jobs"], route_class=AnyContentTypeRoute)


class ListedJob(EmPropsJob):
    """A job in a list; `metadata` as in `GET /api/jobs/{id}`."""

    metadata: dict[str, Any]


class Pagination(BaseModel):
    """Where the page stands in the whole."""

    limit: int
    total: int
    cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")


class JobList(BaseModel):
    """A page of jobs, newest first."""

    data: list[ListedJob]
    error: None = None
    pagination: Pagination


class CancelRequest(BaseModel):
    """Why; shown in the job's history."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "changed my mind"}]})

    reason: Annotated[StrictStr, Field(max_length=200, pattern=r"^[^\x00]*$")] = "cancelled by the user"


@router.get("/api/jobs", operation_id="list_jobs", summary="List jobs", response_model=JobList)
async def list_jobs(
    context: Ctx, user_id: CurrentUser, limit: Limit = 50, offset: Offset = 0, cursor: JobCursor = None
) -> Response:
    """List the caller's jobs, newest first."""
    page = await context.jobs.page(user_id, limit=limit, before=cursor, offset=offset)
    now = context.clock()
    views = [job_view(job, context.urls, now) for job in page.jobs]
    jobs = [ListedJob(**emprops_job(view).model_dump(), metadata=metadata(view)) for view in views]
    answer = JobList(data=jobs, pagination=Pagination(limit=limit, total=page.total, cursor=page.cursor))
    return Response(answer.model_dump_json(), media_type="application/json")


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
