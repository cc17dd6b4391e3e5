"""Maps events of the log to webhooks: their names and their data."""

from typing import Any

from darkroom_schemas.events import Event, EventType
from darkroom_schemas.job import JobEventData

EVENT_NAMES: dict[str, str] = {
    EventType.JOB_CREATED: "job.submitted",
    EventType.JOB_STARTED: "job.status_changed",
    EventType.JOB_UPDATED: "job.status_changed",
    EventType.JOB_RETRIED: "job.status_changed",
    EventType.JOB_COMPLETED: "job.completed",
    EventType.JOB_FAILED: "job.failed",
    EventType.JOB_CANCELLED: "job.cancelled",
}
SUBSCRIBABLE = tuple(dict.fromkeys(EVENT_NAMES.values()))
TEST_EVENT = "webhook.test"


def webhook_data(event: Event) -> dict[str, Any]:
    """Return the `data` of the webhook for a `job.*` event."""
    job = JobEventData.model_validate(event.data).job
    result = {"outputs": [o.model_dump(mode="json", exclude_none=True) for o in job.outputs], "text": job.text}
    return {
        "job_id": job.id,
        "job_type": job.job_type,
        "job_status": job.status,
        "progress": job.progress,
        "result": result if job.outputs or job.text is not None else None,
        "error": job.error.model_dump(mode="json") if job.error else None,
        "event_id": event.id,
    }
