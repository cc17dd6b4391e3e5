"""Rows of the outbox."""

from collections.abc import Mapping
from typing import Any

from darkroom_schemas.events import EventType
from darkroom_schemas.ids import JobId
from sqlalchemy import RowMapping

from platform_api.domain.jobs.change import CancelStep, EmitEvent, OutboxItem, SubmitStep
from platform_api.domain.jobs.job import Job


def event_row(job_id: str | None, body: Mapping[str, Any], *, history_seq: int | None = None) -> dict[str, Any]:
    """Return the row that emits an event; `body` has what `Emission` has besides the id of the job."""
    return {"kind": "emit", "job_id": job_id, "history_seq": history_seq, "body": body}


def asset_event(
    kind: EventType, asset: RowMapping, trace_id: str, more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the row of an event about an asset, by its columns. Uploads have none, since events belong to a job."""
    data = {"asset_id": asset["id"], "mime_type": asset["mime_type"], **(more or {})}
    return event_row(asset["job_id"], {"type": kind, "tenant": asset["user_id"], "trace_id": trace_id, "data": data})


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
            return event_row(job.id, body, history_seq=history_seq)
