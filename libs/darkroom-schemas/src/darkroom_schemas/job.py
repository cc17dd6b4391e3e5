"""The complete public state of a job, for other services and readers of events: canonical names, signed URLs."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.channels import PreviewGrid
from darkroom_schemas.ids import AssetId, JobId, UserId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.webhook import JobWebhook


class HistoryEvent(StrEnum):
    """Type of an entry in a job's history. A node is a step of its workflow."""

    CREATED = "created"
    RETRIED = "retried"
    NODE_STARTED = "node_started"
    NODE_RETRYING = "node_retrying"
    NODE_COMPLETED = "node_completed"
    NODE_FAILED = "node_failed"
    """A child of a group has ended without a result; the others go on."""
    COMPLETE = "complete"
    ERROR = "error"
    CANCELLED = "cancelled"


class JobError(Wire):
    """Reason for the failure of a job, as code and sentence."""

    code: str
    message: str


class JobOutput(Wire):
    """A delivered asset of step `step`. `url` and `thumbnail_url` are signed and expire."""

    asset_id: AssetId
    step: int = 0
    index: int
    url: str
    thumbnail_url: str | None = None
    mime_type: str
    size_bytes: int
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    duration_s: float | None = None
    seed: int | None = None


class JobView(Wire):
    """Full state of a job. Progress is 0 to 100; prices are in thousandths of a credit."""

    id: JobId
    user_id: UserId
    job_type: str
    status: JobStatus
    progress: float | None = None
    run: int
    priority: int
    parameters: dict[str, Any] = Field(default_factory=dict)
    name: str | None = None
    description: str | None = None
    collection_id: str | None = None
    outputs: tuple[JobOutput, ...] = ()
    text: str | None = None
    """Text result of the last step with one: the answer of a text job, or the enhanced prompt."""
    error: JobError | None = None
    preview_url: str | None = None
    """Preview of the unfinished outputs of a running step. Only set with live progress."""
    preview_grid: PreviewGrid | None = None
    """Which outputs the preview shows, and where."""
    price_mc: int
    charged_mc: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    trace_id: str | None = None
    reported: dict[str, Any] | None = None
    """Data that an external system reported at the end: `workflow_output`, `outputs`, `metadata` or `error_details`."""


class HistoryEntry(Wire):
    """An entry of a job's history. `seq` counts from 1 without gaps; `step` is the node concerned."""

    job_id: JobId
    seq: int
    run: int
    event: HistoryEvent
    status: JobStatus
    message: str
    step: int | None = None
    progress: float | None = None
    at: datetime
    details: Any = None
    """Data that an external system reported: `metadata` of a completion, `error_details` of a failure."""


class JobEventData(Wire):
    """`data` of every `job.*` event."""

    job: JobView
    history: HistoryEntry


class JobCreatedData(JobEventData):
    """`data` of `job.created`. Only webhook-dispatcher reads `webhook`; it appears in no view of the job."""

    webhook: JobWebhook | None = None
