"""`GET /api/jobs/{id}/history`."""

from fastapi import APIRouter
from pydantic import BaseModel

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound
from platform_api.http.auth import CurrentUser
from platform_api.http.requests import AnyContentTypeRoute, JobIdPath
from platform_api.routes.dialects.emprops.mapping import (
    EmPropsHistoryEntry,
    emprops_history,
)

router = APIRouter(tags=["jobs"], route_class=AnyContentTypeRoute)


class JobHistory(BaseModel):
    """The history of a job, oldest entry first."""

    data: list[EmPropsHistoryEntry]
    error: None = None


@router.get(
    "/api/jobs/{job_id}/history",
    operation_id="get_job_history",
    summary="Read a job's history",
    responses={404: {"description": "No such job, or it belongs to another user"}},
)
async def history(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> JobHistory:
    """Return the history of a job over all runs, oldest entry first."""
    snapshot = await context.jobs.reads.snapshot(job_id, user_id)
    if snapshot is None:
        raise NotFound("job")
    return JobHistory(data=[emprops_history(entry) for entry in snapshot.history])
