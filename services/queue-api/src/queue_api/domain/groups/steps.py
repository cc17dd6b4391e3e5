"""The steps of a group's children."""

from collections.abc import Sequence

from darkroom_schemas.ids import TraceId
from darkroom_schemas.step import StepSubmit

from queue_api.domain.groups.record import GroupRecord
from queue_api.domain.groups.request import JobGroupRequest, submissions_of
from queue_api.domain.submission import step_of


def steps_of(request: JobGroupRequest, record: GroupRecord, trace_id: TraceId) -> Sequence[StepSubmit]:
    """Return the steps, always the same for a record, so that submitting one twice has no effect.

    Raises UnknownParameter, and the errors of a single submission.
    """
    created_us = record.created_ms * 1000
    return [
        _of_group(step_of(submission, child.step_id, now_us=created_us, trace_id=trace_id), record, child.backend_id)
        for child, submission in zip(record.children, submissions_of(request, record.children), strict=True)
    ]


def _of_group(step: StepSubmit, record: GroupRecord, backend: str | None) -> StepSubmit:
    return step.model_copy(
        update={
            "job_id": record.id,
            "requirements": step.requirements.model_copy(update={"backend": backend}),
            "timeout_s": record.timeout_s,
            "dated": True,
            "trace_id": None,  # a later submission of the same step has another one
        }
    )
