"""Public Redis pub/sub channels and their messages."""

from enum import StrEnum

from darkroom_schemas.base import Wire
from darkroom_schemas.ids import JobId, StepId, WorkerId


def job_progress(job_id: JobId) -> str:
    """Return the channel with the progress of a job. Each running step sends at most one message per second."""
    return f"job:progress:{job_id}"


def machine_status(machine_id: str) -> str:
    """Return the channel with the status changes of a machine."""
    return f"machine:{machine_id}:status"


def worker_status(worker_id: WorkerId) -> str:
    """Return the channel with the status changes of a worker."""
    return f"worker:status:{worker_id}"


class PreviewGrid(Wire):
    """What a preview shows: `count` outputs from number `first` on, row by row, in `columns`."""

    first: int = 0
    count: int = 1
    columns: int = 1


class Preview(Wire):
    """A small WebP preview of unfinished outputs, in the object store. Each version replaces the previous one."""

    key: str
    version: int
    grid: PreviewGrid = PreviewGrid()


class ProgressMessage(Wire):
    """Latest progress of a running step, in percent. `at_ms` is in Unix milliseconds.

    `progress` is the job's and never decreases within a run. `step_progress` is the step's.
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
        """Progress of the step, in percent."""
        return self.progress if self.step_progress is None else self.step_progress


class WorkerState(StrEnum):
    """State of a worker, as published on its channel."""

    IDLE = "idle"
    BUSY = "busy"
    STOPPED = "stopped"
    LOST = "lost"
    """No heartbeat for two leases."""


class WorkerStatusMessage(Wire):
    """A change of a worker's status. `at_ms` is in Unix milliseconds of the Redis clock."""

    worker_id: WorkerId
    status: WorkerState
    at_ms: int


class MachineState(StrEnum):
    """State of a machine: it has workers, its last worker stopped, or its last worker was lost."""

    READY = "ready"
    SHUTDOWN = "shutdown"
    DISCONNECTED = "disconnected"


class MachineStatusMessage(Wire):
    """A change of a machine's status, with the number of its live workers."""

    machine_id: str
    status: MachineState
    workers: int
    at_ms: int
