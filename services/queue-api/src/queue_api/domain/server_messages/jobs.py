"""Messages about jobs."""

from typing import Any, Literal

from darkroom_schemas.errors import StepErrorCode

from queue_api.domain.server_messages.base import (
    EXAMPLE_EVENT,
    EXAMPLE_JOB,
    EXAMPLE_MS,
    EXAMPLE_WORKFLOW,
    Ms,
    Part,
    ServerMessage,
    example_of,
)

JobStatusName = Literal["pending", "in_progress", "completed", "failed", "timeout", "cancelled"]
_JOB = {"job_id": EXAMPLE_JOB, "workflow_id": EXAMPLE_WORKFLOW}
_RUNS = _JOB | {"worker_id": "local-1"}
_EVENT = {"event_id": EXAMPLE_EVENT}


class Hardware(Part):
    """Minimum hardware."""

    gpu_memory_gb: int


class Requirements(Part):
    """Requirements on the worker."""

    models: list[str]
    custom_nodes: list[str]
    tags: list[str]
    hardware: Hardware
    timeout_minutes: float


class JobData(Part):
    """A submitted job. What the queue no longer has is null."""

    id: str
    job_type: str
    status: JobStatusName
    priority: int | None
    payload: dict[str, Any] | None
    workflow_id: str
    workflow_priority: int | None
    workflow_datetime: Ms
    step_number: int
    customer_id: str
    requirements: Requirements | None
    created_at: Ms


class _OfJob(ServerMessage):
    job_id: str
    workflow_id: str
    event_id: str | None = None
    """On the last message of an event: the position for `?since=`."""


class JobSubmitted(_OfJob):
    """A job was submitted, or queued again from the dead letters."""

    model_config = example_of(
        "job_submitted", **_JOB, **_EVENT,
        job_data={
            "id": EXAMPLE_JOB, "job_type": "simulation", "status": "pending", "priority": 50,
            "payload": {"duration_s": 1}, "workflow_id": EXAMPLE_WORKFLOW, "workflow_priority": 50,
            "workflow_datetime": EXAMPLE_MS, "step_number": 0, "customer_id": "system",
            "requirements": {
                "models": [], "custom_nodes": [], "tags": [], "hardware": {"gpu_memory_gb": 0}, "timeout_minutes": 5.0,
            },
            "created_at": EXAMPLE_MS,
        },
    )  # fmt: skip

    type: Literal["job_submitted"]
    job_data: JobData


class JobAssigned(_OfJob):
    """A worker has claimed a job."""

    model_config = example_of(
        "job_assigned", **_RUNS, old_status="pending", new_status="in_progress", assigned_at=EXAMPLE_MS
    )

    type: Literal["job_assigned"]
    worker_id: str
    old_status: JobStatusName
    new_status: JobStatusName
    assigned_at: Ms


class AttemptError(Part):
    """Why an attempt failed."""

    code: StepErrorCode
    message: str
    retryable: bool = False


class JobStatusChanged(_OfJob):
    """The status of a job changed. `error`, `retry_at` and `attempt` come with a retry."""

    model_config = example_of(
        "job_status_changed", **_RUNS, **_EVENT, old_status="in_progress", new_status="pending",
        error={"code": "backend_error", "message": "The server closed the connection.", "retryable": True},
        retry_at=EXAMPLE_MS, attempt=1,
    )  # fmt: skip

    type: Literal["job_status_changed"]
    worker_id: str | None
    old_status: JobStatusName
    new_status: JobStatusName
    error: AttemptError | None = None
    retry_at: Ms | None = None
    attempt: int | None = None


class UpdateJobProgress(_OfJob):
    """Live progress, at most once a second and job: not stored, without an event id."""

    model_config = example_of(
        "update_job_progress", **_RUNS, progress=40.0, step_progress=80.0, status="in_progress", message="denoising",
        current_step=8, total_steps=10, estimated_completion=None,
    )  # fmt: skip

    type: Literal["update_job_progress"]
    worker_id: str
    progress: float
    step_progress: float
    status: JobStatusName
    message: str | None
    current_step: int | None
    total_steps: int | None
    estimated_completion: Ms | None


class JobResult(Part):
    """How a job ended. `data` is the StepResult of a completed job, `error` a sentence."""

    status: Literal["success", "failed"]
    data: dict[str, Any] | None
    error: str | None


class CompleteJob(_OfJob):
    """A job has completed or failed."""

    model_config = example_of(
        "complete_job", **_RUNS, **_EVENT, result={"status": "success", "data": {"text": "done"}, "error": None},
        completed_at=EXAMPLE_MS,
    )  # fmt: skip

    type: Literal["complete_job"]
    worker_id: str | None
    result: JobResult
    completed_at: Ms


class JobFailed(_OfJob):
    """A job failed; `complete_job` follows."""

    model_config = example_of("job_failed", **_RUNS, error="The model is missing.", failed_at=EXAMPLE_MS)

    type: Literal["job_failed"]
    worker_id: str | None
    error: str
    failed_at: Ms


class JobTimeout(_OfJob):
    """A job exceeded its time limit; `complete_job` follows."""

    model_config = example_of("job_timeout", **_RUNS, error="It took longer than 300 s.", failed_at=EXAMPLE_MS)

    type: Literal["job_timeout"]
    worker_id: str | None
    error: str
    failed_at: Ms


class JobCancelled(ServerMessage):
    """A job was cancelled; or, with `outcome`, the response to `cancel_job`."""

    model_config = example_of(
        "job_cancelled", **_RUNS, **_EVENT, error="cancelled through the queue API", failed_at=EXAMPLE_MS
    )

    type: Literal["job_cancelled"]
    job_id: str
    workflow_id: str | None = None
    worker_id: str | None = None
    error: str | None
    failed_at: Ms | None = None
    outcome: Literal["cancelled", "requested"] | None = None
    event_id: str | None = None
    id: str | int | None = None


JOBS: tuple[type[ServerMessage], ...] = (
    JobSubmitted, JobAssigned, JobStatusChanged, UpdateJobProgress, CompleteJob, JobFailed, JobTimeout, JobCancelled,
)  # fmt: skip
