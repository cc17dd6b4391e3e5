"""Maps the platform's statuses to those of the Job Queue dialect."""

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.status import JobStatus

_NAMES = {
    JobStatus.QUEUED: "pending",
    JobStatus.DELAYED: "pending",
    JobStatus.RUNNING: "in_progress",
    JobStatus.COMPLETED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}


def status_name(status: JobStatus, error: StepErrorCode | None = None) -> str:
    """Return the dialect's name of a status. A step that exceeded its time limit has `timeout`."""
    return "timeout" if error is StepErrorCode.TIMEOUT else _NAMES[status]
