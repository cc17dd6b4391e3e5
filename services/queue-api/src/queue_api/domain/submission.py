"""Converts a submission of the Job Queue dialect to a step."""

import uuid
from typing import Annotated

from darkroom_schemas.base import Request
from darkroom_schemas.fields import JsonObject, Line, UnixMs
from darkroom_schemas.ids import SYSTEM_TENANT, JobId, StepId, TraceId, new_uuid7
from darkroom_schemas.step import Redelivery, StepSubmit
from darkroom_schemas.worker import Requirements
from pydantic import ConfigDict, Field

from queue_api.domain.payload import entry_of, payload_of

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]
Lines = Annotated[list[Line], Field(max_length=50)]
MAX_BULK = 200
IDEMPOTENCY_NAMESPACE = uuid.UUID("5f0cb7a1-0c0e-5d55-9a2e-0d3a3f6a6b43")
"""Namespace of the step ids that are derived from an Idempotency-Key."""


class Hardware(Request):
    """Minimum hardware."""

    gpu_memory_gb: int = Field(default=0, ge=0, le=1024)


class JobRequirements(Request):
    """Requirements on the worker. It must have all listed items."""

    models: Lines = Field(default_factory=list)
    custom_nodes: Lines = Field(default_factory=list)
    tags: Lines = Field(default_factory=list)
    hardware: Hardware = Hardware()
    timeout_minutes: float | None = Field(default=None, ge=0.001, le=1440)


class JobSubmission(Request):
    """Body of `POST /api/jobs`. Repeating a request with the same `id` and body returns the job's state."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"job_type": "sdxl_image_fast", "payload": {"prompt": "a lighthouse at dawn"}}]}
    )

    job_type: Line
    payload: JsonObject = Field(description="Missing members get the catalogue's defaults; `prompt` is sufficient.")
    id: Id | None = None
    priority: int = Field(default=50, ge=1, le=100)
    requirements: JobRequirements = JobRequirements()
    max_attempts: int = Field(default=3, ge=1, le=20)
    workflow_id: Id | None = None
    workflow_datetime: UnixMs | None = Field(default=None, description="Unix milliseconds; older workflows first")


class BulkSubmission(Request):
    """Body of `POST /api/jobs/bulk`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"jobs": [{"job_type": "sdxl_image_fast", "payload": {"prompt": "a lighthouse at dawn"}}]}]
        }
    )

    jobs: Annotated[list[JobSubmission], Field(min_length=1, max_length=MAX_BULK)]


def id_of(request: JobSubmission, key: str | None) -> StepId:
    """Return the step's id: the client's, or one derived from the Idempotency-Key, by which the queue deduplicates."""
    if request.id is not None:
        return StepId(request.id)
    return StepId(new_uuid7() if key is None else str(uuid.uuid5(IDEMPOTENCY_NAMESPACE, f"{SYSTEM_TENANT}\n{key}")))


def step_of(
    request: JobSubmission, step_id: StepId, *, now_us: int, trace_id: TraceId, traceparent: str | None = None
) -> StepSubmit:
    """Build the step of a request. Raises the errors of `payload.py`."""
    entry = entry_of(request.job_type)
    payload = payload_of(entry, request.payload, step_id)
    wanted, at_ms = request.requirements, request.workflow_datetime
    return StepSubmit(
        id=step_id,
        job_id=JobId(request.workflow_id or step_id),
        tenant=SYSTEM_TENANT,
        requirements=Requirements(
            type=entry.name,
            models=tuple(sorted({*wanted.models, *entry.models_of(payload)})),
            custom_nodes=tuple(sorted(wanted.custom_nodes)),
            tags=tuple(sorted(wanted.tags)),
            vram_gb=wanted.hardware.gpu_memory_gb,
        ),
        payload=payload,
        created_us=now_us if at_ms is None else at_ms * 1000,
        dated=at_ms is not None,
        priority=request.priority,
        expected_ms=round(entry.expected_s * 1000),
        timeout_s=float(entry.timeout_s) if wanted.timeout_minutes is None else wanted.timeout_minutes * 60,
        max_attempts=request.max_attempts,
        redelivery=Redelivery.RERUN if entry.is_repeatable(payload) else Redelivery.NEVER,
        trace_id=trace_id,
        traceparent=traceparent,
    )
