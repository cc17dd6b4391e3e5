"""A job as other services and event readers see it: canonical words, signed URLs, nothing that needs a second read."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.ids import AssetId, JobId, UserId
from darkroom_schemas.status import JobStatus


class HistoryEvent(StrEnum):
    """What happened to a job. A node is one step of its workflow."""

    CREATED = "created"
    RETRIED = "retried"
    NODE_STARTED = "node_started"
    NODE_RETRYING = "node_retrying"
    NODE_COMPLETED = "node_completed"
    COMPLETE = "complete"
    ERROR = "error"
    CANCELLED = "cancelled"


class JobError(Wire):
    """Why a job failed, for people and for programs."""

    code: str
    message: str


class JobOutput(Wire):
    """One delivered asset of step `step`. `url` and `thumbnail_url` are signed and expire."""

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
    """Full state of a job. Progress is 0–100, money in thousandths of a credit."""

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
    """The last text that a step gave: answer of a text job, or the enhanced prompt of an enhanced one."""
    error: JobError | None = None
    preview_url: str | None = None
    """How the output of a running step looks so far; told with live progress only."""
    price_mc: int
    charged_mc: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    trace_id: str | None = None
    reported: dict[str, Any] | None = None
    """What an outside system said about the end: `workflow_output`, `outputs`, `metadata` or `error_details`."""


class HistoryEntry(Wire):
    """One line of a job's history. `seq` counts from 1 without gaps; `step` is the node that it is about."""

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
    """What an outside system sent beside the message: `metadata` of a completion, `error_details` of a failure."""


class JobEventData(Wire):
    """`data` of every `job.*` event."""

    job: JobView
    history: HistoryEntry
