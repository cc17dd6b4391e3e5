"""Events of the log. An event has the same id on SSE, WebSocket and webhooks."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.ids import JobId, StepId, TenantId, TraceId
from darkroom_schemas.trace_context import Traceparent


class EventType(StrEnum):
    """Type of an event. The queue's scripts append step events; the others come from PostgreSQL by the outbox."""

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
    GROUP_COMPLETED = "group.completed"
    ASSET_CREATED = "asset.created"
    ASSET_UPDATED = "asset.updated"
    ASSET_DELETED = "asset.deleted"
    CREDITS_LOW = "credits.low"
    USER_DELETED = "user.deleted"
    """A user was deleted; `job_id` is the user's id. Other services delete what they store for the tenant."""
    LOG_RESET = "log.reset"


STEP_TERMINAL = frozenset({EventType.STEP_COMPLETED, EventType.STEP_FAILED, EventType.STEP_CANCELLED})
JOB_TERMINAL = frozenset({EventType.JOB_COMPLETED, EventType.JOB_FAILED, EventType.JOB_CANCELLED})


class Event(Wire):
    """An event of the log. `id` is `<shard>-<epoch>-<ms>-<seq>`; `at_ms` is in Unix ms of the Redis clock."""

    id: str
    type: str
    job_id: JobId
    step_id: StepId | None = None
    tenant: TenantId
    at_ms: int
    data: dict[str, Any] = Field(default_factory=dict)


class Emission(Wire):
    """An event from the outbox, to be appended to the log. Repetitions are deduplicated by `outbox_id`."""

    outbox_id: int
    type: EventType
    job_id: JobId
    tenant: TenantId
    data: dict[str, Any] = Field(default_factory=dict)
    trace_id: TraceId | None = None
    traceparent: Traceparent = None
    """Parent of the spans of what the event causes. In the log it is a member of `data`, as the trace id."""
