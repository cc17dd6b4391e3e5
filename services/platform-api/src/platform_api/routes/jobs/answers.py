"""The response of `GET /api/jobs/{id}`, for both EmProps and OurVidz clients."""

from datetime import datetime
from typing import Any

from darkroom_schemas.job import JobView
from pydantic import BaseModel, Field

from platform_api.http.workability import UNWORKABLE, Reason
from platform_api.routes.dialects.emprops.mapping import EmPropsJob, emprops_job
from platform_api.routes.dialects.ourvidz.mapping import STATUS, OurVidzStatus, metadata


class JobRead(EmPropsJob):
    """A job, and whether connected workers support it."""

    reason: Reason = Field(default=None, description="`unworkable`: no connected worker supports the job.")
    notices: list[str] = Field(default=[], description="Why the job waits.")


class JobAnswer(BaseModel):
    """One job for two kinds of clients: EmProps reads `data` and `error`, OurVidz the other members."""

    data: JobRead
    error: None = None
    id: str
    user_id: str
    job_type: str
    status: OurVidzStatus
    progress: float | None
    error_message: str | None
    error_details: Any = Field(description="Error details of a reported failure.")
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    reason: Reason
    notices: list[str]


def job_answer(job: JobView, lack: str | None = None) -> JobAnswer:
    """Return the combined response. `lack` is what no connected worker has, if that is why the job waits."""
    reason, notices = UNWORKABLE if lack else None, [lack] if lack else []
    return JobAnswer(
        data=JobRead(**dict(emprops_job(job)), reason=reason, notices=notices),
        reason=reason,
        notices=notices,
        id=job.id,
        user_id=job.user_id,
        job_type=job.job_type,
        status=STATUS[job.status],
        progress=job.progress,
        error_message=job.error.message if job.error else None,
        error_details=(job.reported or {}).get("error_details"),
        metadata=metadata(job),
        created_at=job.created_at,
        updated_at=job.updated_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
    )
