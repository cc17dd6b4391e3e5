"""The Job Queue dialect's words for our one status machine. Nothing else in this service maps statuses."""

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
    """Return the dialect's word; a step that ran out of time reads `timeout`."""
    return "timeout" if error is StepErrorCode.TIMEOUT else _NAMES[status]
