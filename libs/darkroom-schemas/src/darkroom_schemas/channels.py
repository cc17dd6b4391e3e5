"""Redis pub/sub channels promised to outside readers, and the messages on them."""

from enum import StrEnum

from darkroom_schemas.base import Wire
from darkroom_schemas.ids import JobId, StepId, WorkerId


def job_progress(job_id: JobId) -> str:
    """Channel with the progress of a job, at most one message a second."""
    return f"job:progress:{job_id}"


def machine_status(machine_id: str) -> str:
    """Channel with the status changes of a machine."""
    return f"machine:{machine_id}:status"


def worker_status(worker_id: WorkerId) -> str:
    """Channel with the status changes of a worker."""
    return f"worker:status:{worker_id}"


class ProgressMessage(Wire):
    """Latest progress of a running step. `progress` is a percentage 0–100 of the step, `at_ms` Unix milliseconds."""

    job_id: JobId
    step_id: StepId
    worker_id: WorkerId
    progress: float
    message: str | None = None
    current_step: int | None = None
    total_steps: int | None = None
    at_ms: int


class WorkerState(StrEnum):
    """What a worker says it is doing."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"
    STOPPED = "stopped"
