"""From a request of the Job Queue dialect to a step, and from a step's state back to the dialect."""

from typing import Annotated, Any

from darkroom_schemas.base import Request
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.ids import SYSTEM_TENANT, JobId, StepId, TraceId, new_uuid7
from darkroom_schemas.payload import PAYLOAD
from darkroom_schemas.step import Redelivery, StepSubmit, StepView
from darkroom_schemas.worker import Requirements
from pydantic import Field, ValidationError

from queue_api.domain.words import status_word

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]


class Hardware(Request):
    """Lower bounds."""

    gpu_memory_gb: int = Field(default=0, ge=0, le=1024)


class JobRequirements(Request):
    """What the job needs of a worker: lists mean all of them."""

    models: list[str] = Field(default_factory=list, max_length=50)
    custom_nodes: list[str] = Field(default_factory=list, max_length=50)
    tags: list[str] = Field(default_factory=list, max_length=50)
    hardware: Hardware = Hardware()
    timeout_minutes: float | None = Field(default=None, gt=0, le=1440)


class JobSubmission(Request):
    """Body of `POST /api/jobs`. Sending the same `id` and body again is answered with the job's state."""

    job_type: str
    payload: dict[str, Any]
    id: Id | None = None
    priority: int = Field(default=50, ge=1, le=100)
    requirements: JobRequirements = JobRequirements()
    max_attempts: int = Field(default=3, ge=1, le=20)
    workflow_id: Id | None = None
    workflow_datetime: int | None = Field(default=None, ge=0, description="Unix milliseconds; older workflows first")


class UnknownJobType(Exception):
    """The catalogue has no such type."""


class PayloadError(Exception):
    """The payload does not fit the job type; `errors` is pydantic's list, with the fields as the client wrote them."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__("the payload does not fit the job type")
        found = error.errors(include_url=False)
        self.errors = [{**e, "loc": ("payload", *e["loc"][1:])} for e in found]  # [0] is the family


def step_of(request: JobSubmission, *, now_us: int, trace_id: TraceId) -> StepSubmit:
    """Make the step that a request asks for; raises `UnknownJobType` or `PayloadError`."""
    entry = CATALOGUE.get(request.job_type)
    if entry is None:
        raise UnknownJobType(request.job_type)
    models = set(request.requirements.models)
    if entry.family is not None:
        try:
            models.add(PAYLOAD.validate_python({"family": entry.family} | request.payload).model)
        except ValidationError as error:
            raise PayloadError(error) from error
    step_id = StepId(request.id or new_uuid7())
    minutes = request.requirements.timeout_minutes
    return StepSubmit(
        id=step_id,
        job_id=JobId(request.workflow_id or step_id),
        tenant=SYSTEM_TENANT,
        requirements=Requirements(
            type=request.job_type,
            models=tuple(sorted(models)),
            custom_nodes=tuple(sorted(request.requirements.custom_nodes)),
            tags=tuple(sorted(request.requirements.tags)),
            vram_gb=request.requirements.hardware.gpu_memory_gb,
        ),
        payload=({"family": entry.family} if entry.family else {}) | request.payload,
        created_us=now_us if request.workflow_datetime is None else request.workflow_datetime * 1000,
        priority=request.priority,
        expected_ms=round(entry.expected_s * 1000),
        timeout_s=float(entry.timeout_s) if minutes is None else minutes * 60,
        max_attempts=request.max_attempts,
        redelivery=Redelivery.NEVER if entry.needs_credential else Redelivery.RERUN,
        trace_id=trace_id,
    )


def job_view(view: StepView) -> dict[str, Any]:
    """Describe a step in the dialect's words; times are Unix milliseconds."""
    return {
        "job_id": view.id,
        "workflow_id": view.job_id,
        "status": status_word(view.status, view.error.code if view.error else None),
        "progress": view.progress,
        "worker_id": view.worker_id,
        "attempt": view.attempt,
        "max_attempts": view.max_attempts,
        "cancel_requested": view.cancel_requested,
        "created_at": view.queued_at_ms,
        "started_at": view.started_at_ms,
        "completed_at": view.finished_at_ms,
        "result": view.result.model_dump(mode="json", exclude_none=True) if view.result else None,
        "error": view.error.model_dump(mode="json") if view.error else None,
    }
