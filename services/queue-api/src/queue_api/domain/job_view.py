"""The state of a step in the format of the Job Queue dialect."""

from typing import Any

from darkroom_schemas.step import StepView, Submission

from queue_api.domain.status_names import status_name


def job_view(view: StepView, submission: Submission | None) -> dict[str, Any]:
    """Render a step in the dialect's format. Times are in Unix milliseconds.

    `submission` is available until the end of the step, or of a failed step while it is a dead letter.
    """
    return {
        "job_id": view.id,
        "workflow_id": view.job_id,
        "job_type": view.type,
        "customer_id": view.tenant,
        "status": status_name(view.status, view.error.code if view.error else None),
        "priority": view.priority,
        "progress": view.progress,
        "worker_id": view.worker_id,
        "attempt": view.attempt,
        "max_attempts": view.max_attempts,
        "cancel_requested": view.cancel_requested,
        "created_at": view.queued_at_ms,
        "started_at": view.started_at_ms,
        "completed_at": view.finished_at_ms,
        "payload": submission.payload if submission else None,
        "requirements": requirements_view(submission) if submission else None,
        "result": view.result.model_dump(mode="json", exclude_none=True) if view.result else None,
        "error": view.error.model_dump(mode="json") if view.error else None,
    }


def requirements_view(submission: Submission) -> dict[str, Any]:
    """Render the requirements of a submission in the dialect's format."""
    needs = submission.requirements
    return {
        "models": list(needs.models),
        "custom_nodes": list(needs.custom_nodes),
        "tags": list(needs.tags),
        "hardware": {"gpu_memory_gb": needs.vram_gb},
        "timeout_minutes": submission.timeout_s / 60,
    }
