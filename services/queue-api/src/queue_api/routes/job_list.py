"""`GET /api/jobs`: lists jobs page by page, with filters."""

import re
from enum import StrEnum
from typing import Annotated, Any

from darkroom_chassis.validation import invalid_request
from darkroom_queue import JobCursor, JobFilter
from darkroom_schemas.errors import FieldError
from darkroom_schemas.ids import JobId, WorkerId
from darkroom_schemas.status import JobStatus
from fastapi import APIRouter, Depends, Query

from queue_api.domain.job_view import job_view
from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[Depends(require_token)], route_class=BoundedRoute)
_CURSOR = re.compile(r"(\d{1,15})-([A-Za-z0-9_.:@/+-]{1,200})\Z", re.ASCII)
_MAX_MS = 10**14


class StatusFilter(StrEnum):
    """The dialect's statuses by which jobs are listed."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_STATUSES = {
    StatusFilter.PENDING: {JobStatus.QUEUED, JobStatus.DELAYED},
    StatusFilter.IN_PROGRESS: {JobStatus.RUNNING},
    StatusFilter.COMPLETED: {JobStatus.COMPLETED},
    StatusFilter.FAILED: {JobStatus.FAILED},
    StatusFilter.CANCELLED: {JobStatus.CANCELLED},
}
Milliseconds = Annotated[int | None, Query(ge=0, le=_MAX_MS, description="In Unix milliseconds, inclusive.")]


@router.get("", summary="List jobs")
async def list_jobs(
    context: Ctx,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=220, description="The `cursor` of the previous page.")] = None,
    status: Annotated[
        list[StatusFilter] | None, Query(max_length=5, description="May be repeated. `failed` includes `timeout`.")
    ] = None,
    job_type: Annotated[str | None, Query(max_length=64)] = None,
    worker_id: Annotated[str | None, Query(max_length=200, description="The worker of the latest attempt.")] = None,
    group_id: Annotated[str | None, Query(max_length=200, description="Id of a job group, or a workflow_id.")] = None,
    submitted_since: Milliseconds = None,
    submitted_until: Milliseconds = None,
) -> dict[str, Any]:
    """Return jobs, the latest submitted first, without their payloads. All filters must match.

    Lists the jobs that have not ended, and up to 50,000 that ended in the last 24 hours. A change of a job can take
    a second to appear. Follow `cursor` until it is null: with filters, a page may be shorter than `limit` before that.
    """
    wanted = JobFilter(
        statuses=frozenset().union(*(_STATUSES[one] for one in status or StatusFilter)),
        job_type=job_type,
        worker_id=None if worker_id is None else WorkerId(worker_id),
        job_id=None if group_id is None else JobId(group_id),
        since_ms=submitted_since or 0,
        until_ms=_MAX_MS if submitted_until is None else submitted_until,
    )
    page = await context.jobs.page(wanted, limit=limit, after=None if cursor is None else _parse(cursor))
    following = page.cursor
    return {
        "jobs": [job_view(view, None) for view in page.views],
        "cursor": None if following is None else f"{following.at_ms}-{following.step_id}",
    }


def _parse(cursor: str) -> JobCursor:
    match = _CURSOR.match(cursor)
    if match is None:
        raise invalid_request([FieldError(field="cursor", message="must be the `cursor` of an earlier page")])
    return JobCursor(int(match[1]), match[2])
