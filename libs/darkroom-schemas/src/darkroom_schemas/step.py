"""A step: the unit that a worker executes. Stored in Redis from its submission to the expiry of its tombstone."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.fields import LATEST_UNIX_MS, UnixMs
from darkroom_schemas.ids import JobId, StepId, TenantId, TraceId, WorkerId
from darkroom_schemas.recipe import AnyRecipe
from darkroom_schemas.status import JobStatus
from darkroom_schemas.trace_context import Traceparent
from darkroom_schemas.worker import Requirements

MAX_TIMEOUT_S = 86_400
MAX_EXPECTED_MS = 10_000_000_000
MAX_NOTES = 10
Note = Annotated[str, Field(max_length=500)]


class Redelivery(StrEnum):
    """Treatment of a step whose worker was lost while it ran."""

    RERUN = "rerun"
    """The step may run again: it has no external effects, as most steps."""
    NEVER = "never"
    """The step may have had an external effect, such as a paid API call. It fails instead of running twice."""


class StepSubmit(Wire):
    """Submission of a step to the queue. Idempotent: repeating the same id and body returns the step's state."""

    id: StepId
    job_id: JobId
    tenant: TenantId
    requirements: Requirements
    payload: dict[str, Any]
    created_us: int = Field(ge=0, le=LATEST_UNIX_MS * 1000)
    """Creation of the workflow in Unix microseconds. All steps of an older workflow come first."""
    dated: bool = True
    """Whether `created_us` belongs to the request's body; False if it is only the time of the request."""
    priority: int = Field(default=50, ge=1, le=100)
    weight: float = Field(default=1.0, gt=0, le=1000)
    """The tenant's weight in fair scheduling."""
    expected_ms: int = Field(default=1000, ge=1, le=MAX_EXPECTED_MS)
    """Estimated service time, which fair scheduling charges until the actual time is known."""
    timeout_s: float = Field(default=900.0, gt=0, le=MAX_TIMEOUT_S)
    max_attempts: int = Field(default=3, ge=1, le=100)
    not_before_ms: UnixMs | None = None
    not_after_ms: UnixMs | None = None
    """Submissions that reach Redis after this time (Unix ms, its clock) are refused; see `submission_expired`."""
    redelivery: Redelivery = Redelivery.RERUN
    job_steps: int = Field(default=1, ge=1, le=1000)
    """Number of steps of the job's current run, for its progress."""
    job_steps_done: int = Field(default=0, ge=0, le=1000)
    """Number of them that were complete when this step was submitted."""
    trace_id: TraceId | None = None
    traceparent: Traceparent = None
    """Parent of the spans of this step's attempts; None if its request is not traced."""


class StepOutput(Wire):
    """A stored object. `key` is its key in the object store."""

    key: str
    index: int
    mime_type: str
    size_bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    duration_s: float | None = None
    thumbnail_key: str | None = None
    recipe: AnyRecipe | None = None


class StepError(Wire):
    """Reason for the failure of an attempt. If `retryable`, the queue retries the step."""

    code: StepErrorCode
    message: str
    retryable: bool = False


class StepResult(Wire):
    """Result of a completed step: stored outputs or text, and the duration of each stage in seconds."""

    outputs: tuple[StepOutput, ...] = ()
    text: str | None = None
    enhanced: bool | None = None
    """Whether `text` is an enhanced prompt: False if it is the prompt as it was given, for the reason in `notes`.
    None for steps that enhance no prompt.
    """
    notes: tuple[Note, ...] = Field(default=(), max_length=MAX_NOTES)
    """What the user should know about the result, in sentences. The job's history shows them."""
    timings_s: dict[str, float] = Field(default_factory=dict)
    traceparent: Traceparent = None
    """The span of the attempt; None if it is not traced."""


@dataclass(slots=True)
class ClaimedStep:
    """A step claimed by a worker. Heartbeats, progress and the finish must contain its fencing `token`."""

    id: StepId
    job_id: JobId
    tenant: TenantId
    token: str
    attempt: int
    timeout_s: float
    payload: dict[str, Any]
    requirements: Requirements
    trace_id: TraceId | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """The part of a submission that only the worker reads."""

    requirements: Requirements
    payload: dict[str, Any]
    timeout_s: float


class StepView(Wire):
    """Public state of a step. Progress is 0 to 100; times are in Unix milliseconds of the Redis clock."""

    id: StepId
    job_id: JobId
    tenant: TenantId
    type: str = ""
    priority: int | None = None
    """None for a step that an earlier release submitted."""
    status: JobStatus
    attempt: int
    max_attempts: int
    progress: float | None = None
    worker_id: WorkerId | None = None
    cancel_requested: bool = False
    queued_at_ms: int
    started_at_ms: int | None = None
    finished_at_ms: int | None = None
    result: StepResult | None = None
    error: StepError | None = None
