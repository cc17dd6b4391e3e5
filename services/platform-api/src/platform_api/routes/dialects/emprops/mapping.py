"""Maps jobs, statuses and history to EmProps fields; no other module does."""

from datetime import datetime
from typing import Any, Literal

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.channels import PreviewGrid
from darkroom_schemas.job import HistoryEntry, JobView
from darkroom_schemas.status import JobStatus
from pydantic import BaseModel, Field

EmPropsStatus = Literal["pending", "processing", "completed", "failed"]

STATUS: dict[JobStatus, EmPropsStatus] = {
    JobStatus.QUEUED: "pending",
    JobStatus.DELAYED: "pending",
    JobStatus.RUNNING: "processing",
    JobStatus.COMPLETED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
}


StatusFilter = Literal["pending", "processing", "queued", "delayed", "running", "completed", "failed", "cancelled"]
FILTERED: dict[StatusFilter, tuple[JobStatus, ...]] = {
    "pending": (JobStatus.QUEUED, JobStatus.DELAYED),
    "processing": (JobStatus.RUNNING,),
    "queued": (JobStatus.QUEUED,),
    "delayed": (JobStatus.DELAYED,),
    "running": (JobStatus.RUNNING,),
    "completed": (JobStatus.COMPLETED,),
    "failed": (JobStatus.FAILED,),
    "cancelled": (JobStatus.CANCELLED,),
}
"""Values of a list's `status` filter: EmProps statuses and the finer internal ones."""


class EmPropsJobData(BaseModel):
    """The input and the output of a job."""

    collectionId: str | None
    variables: dict[str, Any]
    outputs: Any
    metadata: Any = Field(description="Metadata of a reported end.")


class EmPropsJob(BaseModel):
    """A job in EmProps format. `workflow_output` is the first URL of the last step with outputs, or the text.

    If an outside system reported the job's completion, the reported values take precedence.
    """

    id: str
    name: str
    description: str
    status: EmPropsStatus
    state: JobStatus = Field(description="The exact status: `cancelled` is not `failed`.")
    progress: float | None
    error_message: str | None
    error_details: Any = Field(description="Error details of a reported failure.")
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    preview_url: str | None
    preview_grid: PreviewGrid | None
    job_type: str
    priority: int
    retry_count: int
    workflow_output: str | None
    data: EmPropsJobData


class EmPropsHistoryEntry(BaseModel):
    """One entry of a job's history."""

    id: str
    job_id: str
    seq: int
    event: str
    step: int | None
    status: EmPropsStatus
    message: str
    progress: float | None
    details: Any = Field(description="The `metadata` or the `error_details` of a reported end.")
    created_at: datetime


def emprops_job(job: JobView) -> EmPropsJob:
    """Return a job in EmProps format."""
    outputs = [output.model_dump(mode="json", exclude_none=True) for output in job.outputs]
    label = CATALOGUE[job.job_type].label if job.job_type in CATALOGUE else job.job_type
    reported = job.reported or {}
    delivered: Any = reported.get("outputs") or outputs or None
    finished_text = job.text if job.status is JobStatus.COMPLETED and not job.outputs else None
    return EmPropsJob(
        id=job.id,
        name=job.name or label,
        description=job.description if job.description is not None else str(job.parameters.get("prompt", "")),
        status=STATUS[job.status],
        state=job.status,
        progress=job.progress,
        error_message=job.error.message if job.error else None,
        error_details=reported.get("error_details"),
        created_at=job.created_at,
        updated_at=job.updated_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        preview_url=job.preview_url,
        preview_grid=job.preview_grid,
        job_type=job.job_type,
        priority=job.priority,
        retry_count=job.run - 1,
        workflow_output=reported.get("workflow_output") or _final_url(job) or finished_text,
        data=EmPropsJobData(
            collectionId=job.collection_id,
            variables=job.parameters,
            outputs=delivered,
            metadata=reported.get("metadata"),
        ),
    )


def _final_url(job: JobView) -> str | None:
    """Return the URL of the first output of the last step that has outputs."""
    return max(job.outputs, key=lambda output: (output.step, -output.index)).url if job.outputs else None


def emprops_history(entry: HistoryEntry) -> EmPropsHistoryEntry:
    """Return a history entry in EmProps format."""
    return EmPropsHistoryEntry(
        id=f"{entry.job_id}:{entry.seq}",
        job_id=entry.job_id,
        seq=entry.seq,
        event=entry.event,
        step=entry.step,
        status=STATUS[entry.status],
        message=entry.message,
        progress=entry.progress,
        details=entry.details,
        created_at=entry.at,
    )
