"""Updates of changed steps."""

from typing import Any

from sqlalchemy import bindparam, update

from platform_api.domain.jobs.job import Step
from platform_api.store.tables.jobs import steps


class JobChangedMeanwhile(Exception):
    """A locked row differs from what was read: the lock was lost, and the transaction must roll back."""


UPDATE_STEP = (
    update(steps)
    .where(
        steps.c.job_id == bindparam("of_job"),
        steps.c.run == bindparam("of_run"),
        steps.c.number == bindparam("of_number"),
    )
    .values(
        {
            name: bindparam(name)
            for name in (
                *("status", "payload", "template", "text", "error", "worker_id", "timings_s"),
                *("submitted_at", "started_at", "finished_at"),
            )
        }
    )
)


def step_update(step: Step) -> dict[str, Any]:
    """Return the parameters of `UPDATE_STEP`."""
    return {
        "of_job": step.job_id,
        "of_run": step.run,
        "of_number": step.number,
        "status": step.status.value,
        "payload": step.payload,
        "template": step.template,
        "text": step.text,
        "error": step.error.model_dump() if step.error else None,
        "worker_id": step.worker_id,
        "timings_s": step.timings_s,
        "submitted_at": step.submitted_at,
        "started_at": step.started_at,
        "finished_at": step.finished_at,
    }
