"""Groups and their children as the dialect shows them, and the messages of their sockets."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.groups.policy import policy_name
from darkroom_schemas.groups.status import Standing, standing_of
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepError, StepResult, StepView

from queue_api.domain.frames import Message
from queue_api.domain.groups.record import Child, GroupRecord

UrlOf = Callable[[str], str | None]
"""Returns a signed URL of a stored object by its key; None if this service cannot read the object store."""
Views = Mapping[str, StepView | None]

_STATUS = {
    JobStatus.QUEUED: "queued",
    JobStatus.DELAYED: "queued",
    JobStatus.RUNNING: "running",
    JobStatus.COMPLETED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}
_KINDS = {"video": "gifs", "audio": "audio", "text": "text"}
"""Lists of ComfyUI's outputs by the kind of file; images are in `images`."""
_COMFYUI_ERROR, _TIMEOUT_ERROR = "ComfyUIError", "TimeoutError"


def iso(ms: int | None) -> str | None:
    """Return a time in Unix milliseconds as ISO 8601 in UTC."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def standing(record: GroupRecord, views: Views) -> Standing:
    """Return the status of a group from the states of its children."""
    missing = _status_of_missing(record, views)
    states = [view.status if view else missing for view in map(views.get, record.step_ids)]
    return standing_of(states, record.policy, cancelled=record.cancelled_ms is not None)


def _status_of_missing(record: GroupRecord, views: Views) -> JobStatus:
    """Return the status of children that are not in the queue: they wait, or the group needs them no more."""
    completed = sum(view is not None and view.status is JobStatus.COMPLETED for view in views.values())
    is_over = record.cancelled_ms is not None or record.policy.is_met(completed)
    return JobStatus.CANCELLED if is_over else JobStatus.QUEUED


def group_view(record: GroupRecord, views: Views, url_of: UrlOf, steps: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the status of a group. `steps` has what running children report that they do, by step."""
    now = standing(record, views)
    return {
        "job_group_id": record.id,
        "status": now.status.value,
        "child_jobs": [child_view(child, record, views, url_of, steps) for child in record.children],
        "completed_count": now.completed,
        "failed_count": now.failed,
        "cancelled_count": now.cancelled,
        "total_count": now.total,
        "policy": policy_name(record.policy),
        "metadata": record.metadata,
        "skipped_backends": list(record.skipped_backends),
        "created_at": iso(record.created_ms),
        "completed_at": iso(ended_ms(record, views)) if now.is_final else None,
    }


def group_summary(record: GroupRecord, views: Views) -> dict[str, Any]:
    """Return the status of a group without its children. `views` may contain steps of other groups."""
    now = standing(record, {step_id: views.get(step_id) for step_id in record.step_ids})
    return {
        "job_group_id": record.id,
        "job_type": record.job_type,
        "status": now.status.value,
        "completed_count": now.completed,
        "failed_count": now.failed,
        "cancelled_count": now.cancelled,
        "total_count": now.total,
        "policy": policy_name(record.policy),
        "created_at": iso(record.created_ms),
        "completed_at": iso(ended_ms(record, views)) if now.is_final else None,
    }


def ended_ms(record: GroupRecord, views: Views) -> int | None:
    """Return when the last child ended, in Unix milliseconds."""
    ends = [view.finished_at_ms for view in map(views.get, record.step_ids) if view and view.finished_at_ms]
    return max(ends, default=None)


def child_view(
    child: Child, record: GroupRecord, views: Views, url_of: UrlOf, steps: Mapping[str, str | None]
) -> dict[str, Any]:
    """Return one child."""
    view = views.get(child.step_id)
    status = _STATUS[view.status if view else _status_of_missing(record, views)]
    completed = view is not None and view.status is JobStatus.COMPLETED
    return {
        "job_id": child.step_id,
        "backend_id": child.backend_id,
        "seed": child.seed,
        "status": status,
        "progress": 100.0 if completed else (view.progress or 0.0 if view else 0.0),
        "current_step": steps.get(child.step_id),
        "outputs": outputs_of(view.result, url_of) if view and view.result else None,
        "error_message": view.error.message if view and view.error else None,
        "error_type": error_type(view.error, record.job_type) if view and view.error else None,
        "worker_id": view.worker_id if view else None,
        "queued_at": iso(view.queued_at_ms if view else record.created_ms),
        "started_at": iso(view.started_at_ms) if view else None,
        "completed_at": iso(view.finished_at_ms) if view else None,
    }


def outputs_of(result: StepResult, url_of: UrlOf) -> dict[str, Any]:
    """Return outputs in ComfyUI's form. `images` is always there."""
    outputs: dict[str, Any] = {"images": []}
    for output in result.outputs:
        kind = _KINDS.get(output.mime_type.partition("/")[0], "images")
        outputs.setdefault(kind, []).append(
            {
                "filename": PurePosixPath(output.key).name,
                "url": url_of(output.key),
                "subfolder": "",
                "type": "output",
                "mime_type": output.mime_type,
                "size_bytes": output.size_bytes,
                "sha256": output.sha256,
            }
        )
    if result.text is not None:
        outputs.setdefault("text", []).append(result.text)
    return outputs


def error_type(error: StepError, job_type: str) -> str:
    """Return the dialect's type of an error."""
    if error.code is StepErrorCode.TIMEOUT:
        return _TIMEOUT_ERROR
    return _COMFYUI_ERROR if job_type == "comfyui" else error.code.value


def initial_state(record: GroupRecord, views: Views, url_of: UrlOf, steps: Mapping[str, str | None]) -> Message:
    """Return the first message of a socket."""
    state = group_view(record, views, url_of, steps)
    return {"type": "initial_state", **{name: state[name] for name in ("job_group_id", "status", "child_jobs")}}


def child_message(event: Event, record: GroupRecord, url_of: UrlOf) -> Message | None:
    """Convert an event of a child; None for events that the dialect does not have."""
    child = next((one for one in record.children if one.step_id == event.step_id), None)
    if child is None:
        return None
    base: Message = {"job_id": child.step_id, "backend_id": child.backend_id, "event_id": event.id}
    match event.type:
        case EventType.STEP_COMPLETED:
            result = StepResult.model_validate(event.data.get("result") or {})
            done = {"seed": child.seed, "outputs": outputs_of(result, url_of), "completed_at": iso(event.at_ms)}
            return {"type": "child_completed", **base, **done}
        case EventType.STEP_CANCELLED:
            why = {"reason": event.data.get("reason"), "cancelled_at": iso(event.at_ms)}
            return {"type": "child_cancelled", **base, **why}
        case EventType.STEP_FAILED:
            error = event.data["error"]
            if error["code"] == StepErrorCode.TIMEOUT:
                late = {"timeout_seconds": record.timeout_s, "timed_out_at": iso(event.at_ms)}
                return {"type": "child_timeout", **base, **late}
            kind = _COMFYUI_ERROR if record.job_type == "comfyui" else error["code"]
            why = {"error": error["message"], "error_type": kind, "failed_at": iso(event.at_ms)}
            return {"type": "child_failed", **base, **why}
    return None


def group_complete(record: GroupRecord, views: Views, url_of: UrlOf) -> Message:
    """Return the message of a group whose children have all ended."""
    now = standing(record, views)
    return {
        "type": "group_complete",
        "job_group_id": record.id,
        "status": now.status.value,
        "total": now.total,
        "succeeded": now.completed,
        "failed": now.failed,
        "cancelled": now.cancelled,
        "results": [_result(child, record, views, url_of) for child in record.children],
    }


def _result(child: Child, record: GroupRecord, views: Views, url_of: UrlOf) -> dict[str, Any]:
    view = views.get(child.step_id)
    status = _STATUS[view.status if view else _status_of_missing(record, views)]
    result: dict[str, Any] = {"job_id": child.step_id, "status": status}
    if view is not None and view.result is not None:
        result["outputs"] = outputs_of(view.result, url_of)
    if view is not None and view.error is not None:
        result["error"] = view.error.message
    return result


def views_by_step(record: GroupRecord, views: Sequence[StepView | None]) -> Views:
    """Pair the children's steps with their states."""
    return dict(zip(record.step_ids, views, strict=True))
