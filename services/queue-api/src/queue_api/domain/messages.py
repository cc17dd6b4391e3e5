"""Converts events of the log to WebSocket messages of the Job Queue dialect. One event may yield several messages."""

from typing import Any

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.status import JobStatus

from queue_api.domain.status_names import status_name

Message = dict[str, Any]
PENDING, RUNNING = status_name(JobStatus.QUEUED), status_name(JobStatus.RUNNING)


def messages_of(event: Event) -> list[Message]:
    """Convert a step event. Other events yield no message. The last message contains the event's id."""
    base: Message = {"timestamp": event.at_ms, "job_id": event.step_id, "workflow_id": event.job_id}
    data, worker = event.data, event.data.get("worker_id")
    match event.type:
        case EventType.STEP_QUEUED:
            job = {"id": event.step_id, "status": PENDING, "workflow_id": event.job_id, "created_at": event.at_ms}
            messages = [base | {"type": "job_submitted", "job_data": job | data}]
        case EventType.STEP_STARTED:
            change = {"worker_id": worker, "old_status": PENDING, "new_status": RUNNING}
            messages = [
                base | change | {"type": "job_assigned", "assigned_at": event.at_ms},
                base | change | {"type": "job_status_changed"},
            ]
        case EventType.STEP_RETRYING:
            change = {"worker_id": worker, "old_status": RUNNING, "new_status": PENDING}
            more = {"error": data["error"], "retry_at": data["retry_at_ms"], "attempt": data["attempt"]}
            messages = [base | change | more | {"type": "job_status_changed"}]
        case EventType.STEP_RELEASED:
            change = {"worker_id": worker, "old_status": RUNNING, "new_status": PENDING}
            messages = [base | change | {"type": "job_status_changed"}]
        case EventType.STEP_COMPLETED:
            result = {"status": "success", "data": data.get("result"), "error": None}
            messages = [base | _end(event, worker, result)]
        case EventType.STEP_FAILED:
            error = data["error"]
            name = "job_timeout" if error["code"] == StepErrorCode.TIMEOUT else "job_failed"
            failed = {"type": name, "worker_id": worker, "error": error["message"], "failed_at": event.at_ms}
            result = {"status": "failed", "data": None, "error": error["message"]}
            messages = [base | failed, base | _end(event, worker, result)]
        case EventType.STEP_CANCELLED:
            cancelled = {"type": "job_cancelled", "worker_id": worker, "error": data.get("reason")}
            messages = [base | cancelled | {"failed_at": event.at_ms}]
        case _:
            return []
    messages[-1]["event_id"] = event.id
    return messages


def _end(event: Event, worker: str | None, result: Message) -> Message:
    return {"type": "complete_job", "worker_id": worker, "result": result, "completed_at": event.at_ms}


def progress_message(progress: ProgressMessage) -> Message:
    """Convert live progress, which has no event id. `progress` is the workflow's and never decreases."""
    return {
        "type": "update_job_progress",
        "timestamp": progress.at_ms,
        "job_id": progress.step_id,
        "workflow_id": progress.job_id,
        "worker_id": progress.worker_id,
        "progress": progress.progress,
        "step_progress": progress.percent_of_step,
        "status": RUNNING,
        "message": progress.message,
        "current_step": progress.current_step,
        "total_steps": progress.total_steps,
    }
