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


class Preview(Wire):
    """A small WebP picture of how an output looks so far, in the object store; each version replaces the one before."""

    key: str
    version: int


class ProgressMessage(Wire):
    """Latest progress of a running step, in percent; `at_ms` is Unix milliseconds.

    `progress` is that of its job, which never goes back within a run, and `step_progress` that of the step.
    """

    job_id: JobId
    step_id: StepId
    worker_id: WorkerId
    progress: float
    step_progress: float | None = None
    """None from a worker of an earlier release, which sends the step's percentage as `progress`."""
    message: str | None = None
    current_step: int | None = None
    total_steps: int | None = None
    preview: Preview | None = None
    at_ms: int

    @property
    def percent_of_step(self) -> float:
        """How far the step is."""
        return self.progress if self.step_progress is None else self.step_progress


class WorkerState(StrEnum):
    """What a worker is doing, as its channel tells it."""

    IDLE = "idle"
    BUSY = "busy"
    STOPPED = "stopped"
    LOST = "lost"
    """It has not been heard of for two leases."""


class WorkerStatusMessage(Wire):
    """A change of a worker's status. `at_ms` is Unix milliseconds of the Redis clock."""

    worker_id: WorkerId
    status: WorkerState
    at_ms: int


class MachineState(StrEnum):
    """What became of a machine: it has workers, its last one stopped, or its last one was lost."""

    READY = "ready"
    SHUTDOWN = "shutdown"
    DISCONNECTED = "disconnected"


class MachineStatusMessage(Wire):
    """A change of a machine's status, with the number of its live workers."""

    machine_id: str
    status: MachineState
    workers: int
    at_ms: int
