"""Converts events of the log to WebSocket messages of the Job Queue dialect. One event may yield several messages."""

import re
from collections.abc import Sequence

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepView, Submission

from queue_api.domain.frames import Frame, Message, Topic, frame
from queue_api.domain.job_view import requirements_view
from queue_api.domain.status_names import status_name

PENDING, RUNNING = status_name(JobStatus.QUEUED), status_name(JobStatus.RUNNING)
COMPLETED, FAILED = status_name(JobStatus.COMPLETED), status_name(JobStatus.FAILED)
CANCELLED = status_name(JobStatus.CANCELLED)
_STEP_NUMBER = re.compile(r":(\d{1,4})\Z")


def frames_of(event: Event, view: StepView | None = None, submission: Submission | None = None) -> tuple[Frame, ...]:
    """Convert a step event to frames. Other events yield none. The last message contains the event's id.

    `view` and `submission` complete the message of a submission; they are None if the queue no longer has them.
    """
    messages = _messages(event, view, submission)
    if not messages:
        return ()
    messages[-1]["event_id"] = event.id
    return tuple(frame(message, Topic.JOBS_STATUS, event.tenant) for message in messages)


def _messages(event: Event, view: StepView | None, submission: Submission | None) -> list[Message]:
    base: Message = {"timestamp": event.at_ms, "job_id": event.step_id, "workflow_id": event.job_id}
    data, worker = event.data, event.data.get("worker_id")
    match event.type:
        case EventType.STEP_QUEUED:
            return [base | {"type": "job_submitted", "job_data": _job_data(event, view, submission)}]
        case EventType.STEP_STARTED:
            change = {"worker_id": worker, "old_status": PENDING, "new_status": RUNNING}
            return [
                base | change | {"type": "job_assigned", "assigned_at": event.at_ms},
                base | change | {"type": "job_status_changed"},
            ]
        case EventType.STEP_RETRYING:
            more = {"error": data["error"], "retry_at": data["retry_at_ms"], "attempt": data["attempt"]}
            return [base | _change(worker, PENDING) | more]
        case EventType.STEP_RELEASED:
            return [base | _change(worker, PENDING)]
        case EventType.STEP_COMPLETED:
            result = {"status": "success", "data": data.get("result"), "error": None}
            return [base | _change(worker, COMPLETED), base | _end(event, worker, result)]
        case EventType.STEP_FAILED:
            error = data["error"]
            timed_out = error["code"] == StepErrorCode.TIMEOUT
            status = status_name(JobStatus.FAILED, StepErrorCode.TIMEOUT if timed_out else None)
            name = "job_timeout" if timed_out else "job_failed"
            failed = {"type": name, "worker_id": worker, "error": error["message"], "failed_at": event.at_ms}
            result = {"status": "failed", "data": None, "error": error["message"]}
            return [base | _change(worker, status), base | failed, base | _end(event, worker, result)]
        case EventType.STEP_CANCELLED:
            cancelled = {"type": "job_cancelled", "worker_id": worker, "error": data.get("reason")}
            return [base | _change(worker, CANCELLED), base | cancelled | {"failed_at": event.at_ms}]
    return []


def _change(worker: str | None, status: str) -> Message:
    """Return the members of a status change. A step that no worker had was pending."""
    old = PENDING if worker is None else RUNNING
    return {"type": "job_status_changed", "worker_id": worker, "old_status": old, "new_status": status}


def _job_data(event: Event, view: StepView | None, submission: Submission | None) -> Message:
    number = _STEP_NUMBER.search(event.step_id or "")
    priority = view.priority if view else None
    return {
        "id": event.step_id,
        "job_type": event.data.get("job_type"),
        "status": PENDING,
        "priority": priority,
        "payload": submission.payload if submission else None,
        "workflow_id": event.job_id,
        "workflow_priority": priority,
        "workflow_datetime": view.queued_at_ms if view else event.at_ms,
        "step_number": int(number[1]) if number else 0,
        "customer_id": event.tenant,
        "requirements": requirements_view(submission) if submission else None,
        "created_at": event.at_ms,
    } | event.data


def _end(event: Event, worker: str | None, result: Message) -> Message:
    return {"type": "complete_job", "worker_id": worker, "result": result, "completed_at": event.at_ms}


def progress_frame(progress: ProgressMessage) -> Frame:
    """Convert live progress, which has no event id. `progress` is the workflow's and never decreases."""
    message = {
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
        "estimated_completion": None,
    }
    return frame(message, Topic.JOBS_PROGRESS)


def events_json(events: Sequence[Frame]) -> str:
    """Return frames as a JSON array, without serializing them again."""
    return "[" + ",".join(one.text for one in events) + "]"
