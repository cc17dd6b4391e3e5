"""A step: the unit that a worker executes. It lives in Redis from submission to its tombstone."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.fields import LATEST_UNIX_MS, UnixMs
from darkroom_schemas.ids import JobId, StepId, TenantId, TraceId, WorkerId
from darkroom_schemas.recipe import Recipe
from darkroom_schemas.status import JobStatus
from darkroom_schemas.worker import Requirements

MAX_TIMEOUT_S = 86_400
MAX_EXPECTED_MS = 10_000_000_000


class Redelivery(StrEnum):
    """What may happen to a step whose worker vanished in the middle of it."""

    RERUN = "rerun"
    """Running it again is harmless: the usual case for work on our own GPU."""
    NEVER = "never"
    """It may have had an effect outside (a paid API): it fails rather than run twice."""


class StepSubmit(Wire):
    """A step as handed to the queue. Submitting the same id and body again returns the state it has."""

    id: StepId
    job_id: JobId
    tenant: TenantId
    requirements: Requirements
    payload: dict[str, Any]
    created_us: int = Field(ge=0, le=LATEST_UNIX_MS * 1000)
    """Creation of the workflow in Unix microseconds: all steps of an older workflow come first."""
    dated: bool = True
    """Whether `created_us` is part of what was asked for; False where it is only the time of the request."""
    priority: int = Field(default=50, ge=1, le=100)
    weight: float = Field(default=1.0, gt=0, le=1000)
    """The tenant's share against other tenants."""
    expected_ms: int = Field(default=1000, ge=1, le=MAX_EXPECTED_MS)
    """Estimated service time, the cost that fair queueing charges before the real one is known."""
    timeout_s: float = Field(default=900.0, gt=0, le=MAX_TIMEOUT_S)
    max_attempts: int = Field(default=3, ge=1, le=100)
    not_before_ms: UnixMs | None = None
    not_after_ms: UnixMs | None = None
    """Submissions that reach Redis later than this (its clock, Unix ms) are refused; see `submission_expired`."""
    redelivery: Redelivery = Redelivery.RERUN
    job_steps: int = Field(default=1, ge=1, le=1000)
    """Steps of the job's present run, by which its progress is told."""
    job_steps_done: int = Field(default=0, ge=0, le=1000)
    """How many of them were complete when this one was handed over."""
    trace_id: TraceId | None = None


class StepOutput(Wire):
    """One stored object. `key` is its place in the object store, the rest describes its bytes."""

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
    recipe: Recipe | None = None


class StepError(Wire):
    """Why an attempt failed. `retryable` decides whether the queue tries again."""

    code: StepErrorCode
    message: str
    retryable: bool = False


class StepResult(Wire):
    """What a completed step gives back: stored outputs, or text; plus seconds per stage."""

    outputs: tuple[StepOutput, ...] = ()
    text: str | None = None
    timings_s: dict[str, float] = Field(default_factory=dict)


@dataclass(slots=True)
class ClaimedStep:
    """A step in a worker's hands. `token` is the fencing token that beats, progress and the finish must carry."""

    id: StepId
    job_id: JobId
    tenant: TenantId
    token: str
    attempt: int
    timeout_s: float
    payload: dict[str, Any]
    requirements: Requirements
    trace_id: TraceId | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What a step was submitted with and only its worker reads."""

    requirements: Requirements
    payload: dict[str, Any]
    timeout_s: float


class StepView(Wire):
    """A step as seen from outside. Progress is 0–100; times are Unix milliseconds of the Redis clock."""

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
