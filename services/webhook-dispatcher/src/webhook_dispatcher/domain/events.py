"""Reads events of the log as webhooks: their names, their data, and what they are about."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import EventId, JobId, TenantId
from darkroom_schemas.job import JobCreatedData, JobView
from darkroom_schemas.trace_context import read_traceparent
from darkroom_schemas.webhook import JOB_TIMEOUT, NAMES, JobWebhook, WebhookBody


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about, as far as it says."""

    job_type: str | None = None
    status: str | None = None
    priority: int | None = None
    worker_id: str | None = None
    machine_id: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """An event as it is sent. `names` are those it can be sent under, the usual one first.

    `job_id` is set for events of jobs that may have a webhook of their own, and `webhook` once such a job is created.
    """

    message_id: str
    tenant: TenantId
    names: tuple[str, ...]
    moment: datetime
    data: dict[str, Any]
    subject: Subject = field(default_factory=Subject)
    job_id: JobId | None = None
    webhook: JobWebhook | None = None
    traceparent: str | None = None
    """Parent of the spans of its deliveries; None if its job is not traced."""

    def body(self) -> bytes:
        """Serialize the body under the usual name. It is stored, so that all attempts send the same bytes."""
        return WebhookBody(type=self.names[0], timestamp=self.moment, data=self.data).model_dump_json().encode()


def read_event(event: Event) -> Notice | None:
    """Return an event as it is sent; None if webhooks do not carry it. Raises ValueError for unusable data."""
    try:
        kind = EventType(event.type)
        names = NAMES[kind]
    except (ValueError, KeyError):
        return None
    message_id = f"msg_{event.id}"
    moment = datetime.fromtimestamp(EventId.parse(event.id).ms / 1000, UTC)
    traceparent = read_traceparent(event.data.get("traceparent"))
    if kind.startswith("job."):
        created = JobCreatedData.model_validate(event.data)
        job = created.job
        if job.error is not None and job.error.code == StepErrorCode.TIMEOUT:
            names = (*names, JOB_TIMEOUT)
        subject = Subject(job.job_type, job.status, job.priority)
        data = _job_data(job) | {"event_id": event.id}
        job_id, webhook = event.job_id, created.webhook
        return Notice(message_id, event.tenant, names, moment, data, subject, job_id, webhook, traceparent)
    about = {"job_id": event.job_id, **({"step_id": event.step_id} if event.step_id else {})}
    subject = Subject(_text(event.data, "job_type"), _text(event.data, "status"), None, _text(event.data, "worker_id"))
    data = about | {name: value for name, value in event.data.items() if name != "traceparent"} | {"event_id": event.id}
    return Notice(message_id, event.tenant, names, moment, data, subject, traceparent=traceparent)


def _job_data(job: JobView) -> dict[str, Any]:
    result = {"outputs": [o.model_dump(mode="json", exclude_none=True) for o in job.outputs], "text": job.text}
    return {
        "job_id": job.id,
        "job_type": job.job_type,
        "job_status": job.status,
        "progress": job.progress,
        "result": result if job.outputs or job.text is not None else None,
        "error": job.error.model_dump(mode="json") if job.error else None,
    }


def _text(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) else None
