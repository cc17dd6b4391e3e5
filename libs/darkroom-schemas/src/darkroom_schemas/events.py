"""The event log's vocabulary. One log, one id: the same on SSE, WebSocket and webhooks."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.ids import JobId, StepId, TenantId, TraceId


class EventType(StrEnum):
    """Step events are born in the queue's scripts, the others in PostgreSQL transactions."""

    STEP_QUEUED = "step.queued"
    STEP_STARTED = "step.started"
    STEP_RETRYING = "step.retrying"
    STEP_RELEASED = "step.released"
    STEP_COMPLETED = "step.completed"
    STEP_FAILED = "step.failed"
    STEP_CANCELLED = "step.cancelled"
    JOB_CREATED = "job.created"
    JOB_STARTED = "job.started"
    JOB_UPDATED = "job.updated"
    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_RETRIED = "job.retried"
    ASSET_CREATED = "asset.created"
    ASSET_DELETED = "asset.deleted"
    LOG_RESET = "log.reset"


STEP_TERMINAL = frozenset({EventType.STEP_COMPLETED, EventType.STEP_FAILED, EventType.STEP_CANCELLED})
JOB_TERMINAL = frozenset({EventType.JOB_COMPLETED, EventType.JOB_FAILED, EventType.JOB_CANCELLED})


class Event(Wire):
    """One entry of the log. `id` is `<shard>-<epoch>-<ms>-<seq>`; `at_ms` is Unix milliseconds of the Redis clock."""

    id: str
    type: str
    job_id: JobId
    step_id: StepId | None = None
    tenant: TenantId
    at_ms: int
    data: dict[str, Any] = Field(default_factory=dict)


class Emission(Wire):
    """An event born in PostgreSQL, on its way into the log; `outbox_id` makes a repeated relay harmless."""

    outbox_id: int
    type: EventType
    job_id: JobId
    tenant: TenantId
    data: dict[str, Any] = Field(default_factory=dict)
    trace_id: TraceId | None = None
