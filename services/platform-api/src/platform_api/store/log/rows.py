"""Rows of the outbox."""

from typing import Any

from darkroom_schemas.ids import JobId

from platform_api.domain.jobs.change import CancelStep, EmitEvent, OutboxItem, SubmitStep
from platform_api.domain.jobs.job import Job


def outbox_row(job: Job, item: OutboxItem) -> dict[str, Any]:
    """Return the row of an outbox item."""
    row: dict[str, Any] = {"job_id": JobId(job.id), "history_seq": None}
    match item:
        case SubmitStep(step):
            return row | {"kind": "submit", "body": step.model_dump(mode="json")}
        case CancelStep(step_id, reason):
            return row | {"kind": "cancel", "body": {"step_id": step_id, "reason": reason}}
        case EmitEvent(type_, data, history_seq):
            body = {"type": type_, "tenant": job.user_id, "trace_id": job.trace_id, "data": data}
            if job.traceparent:
                body["traceparent"] = job.traceparent
            return row | {"kind": "emit", "history_seq": history_seq, "body": body}
