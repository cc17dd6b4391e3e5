"""Conversion between rows and domain objects of jobs."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from darkroom_schemas.job import HistoryEntry, JobError
from darkroom_schemas.status import JobStatus
from darkroom_schemas.worker import Requirements
from sqlalchemy import RowMapping

from platform_api.domain.jobs.job import Delivered, Job, Step
from platform_api.domain.planning.group_rules import GroupRules

JOB_FIELDS = tuple(field.name for field in fields(Job))
_DELIVERED_FIELDS = frozenset(field.name for field in fields(Delivered))
_STEP_FIELDS = tuple(field.name for field in fields(Step))


def job_of(row: Mapping[Any, Any]) -> Job:
    """Build a job from a row of `jobs`."""
    values = {name: row[name] for name in JOB_FIELDS}
    values["status"] = JobStatus(row["status"])
    values["outputs"] = tuple(map(_delivered_of, row["outputs"]))
    values["group_rules"] = GroupRules(**row["group_rules"]) if row["group_rules"] else None
    values["error"] = JobError.model_validate(row["error"]) if row["error"] else None
    return Job(**values)


def _delivered_of(output: Mapping[str, Any]) -> Delivered:
    """Build an output, without members that a later release added."""
    return Delivered(**{name: value for name, value in output.items() if name in _DELIVERED_FIELDS})


def step_of(row: RowMapping) -> Step:
    """Build a step from a row of `steps`."""
    values = {name: row[name] for name in _STEP_FIELDS}
    values["status"] = JobStatus(row["status"])
    values["requirements"] = Requirements.model_validate(row["requirements"]) if row["requirements"] else None
    # Both columns are null in rows of the first release.
    values["outputs"] = row["outputs"] or len(row["payload"]["seeds"])
    values["needs"] = tuple(row["needs"] if row["needs"] is not None else range(row["number"])[-1:])
    values["error"] = JobError.model_validate(row["error"]) if row["error"] else None
    return Step(**values)


def outputs_json(job: Job) -> list[dict[str, Any]]:
    """Return the value of the column `outputs`."""
    return [asdict(output) for output in job.outputs]


def step_row(step: Step) -> dict[str, Any]:
    """Return the row of a new step."""
    return {
        "job_id": step.job_id,
        "run": step.run,
        "number": step.number,
        "job_type": step.job_type,
        "status": step.status.value,
        "payload": step.payload,
        "price_mc": step.price_mc,
        "outputs": step.outputs,
        "needs": list(step.needs),
        "requirements": step.requirements.model_dump(mode="json") if step.requirements else None,
        "submitted_at": step.submitted_at,
    }


def history_of(row: Mapping[str, Any]) -> HistoryEntry:
    """Build a history entry from a row of `job_history`."""
    return HistoryEntry.model_validate(row)


def history_row(entry: HistoryEntry, source_event_id: str | None) -> dict[str, Any]:
    """Return the row of a history entry."""
    return entry.model_dump() | {"source_event_id": source_event_id}
