from typing import Any

import pytest
from darkroom_schemas.events import Event
from darkroom_schemas.ids import JobId, StepId, TenantId
from queue_api.domain.messages import messages_of


def event(kind: str, **data: Any) -> Event:
    return Event(
        id="0-1-2-3", type=kind, job_id=JobId("wf"), step_id=StepId("s"), tenant=TenantId("t"), at_ms=5, data=data
    )


ERROR = {"code": "backend_error", "message": "broke", "retryable": False}


@pytest.mark.parametrize(
    ("source", "types"),
    [
        (event("step.queued", job_type="simulation"), ["job_submitted"]),
        (event("step.started", worker_id="w", attempt=1), ["job_assigned", "job_status_changed"]),
        (event("step.retrying", worker_id="w", attempt=1, error=ERROR, retry_at_ms=9), ["job_status_changed"]),
        (event("step.released", worker_id="w", attempt=1), ["job_status_changed"]),
        (event("step.completed", worker_id="w", attempt=1, result={}), ["complete_job"]),
        (event("step.failed", worker_id="w", attempt=1, error=ERROR), ["job_failed", "complete_job"]),
        (event("step.failed", worker_id="w", attempt=1, error=ERROR | {"code": "timeout"}),
         ["job_timeout", "complete_job"]),
        (event("step.cancelled", reason="user"), ["job_cancelled"]),
        (event("job.completed"), []),
    ],
)  # fmt: skip
def test_each_event_becomes_its_documented_messages(source: Event, types: list[str]) -> None:
    messages = messages_of(source)
    assert [m["type"] for m in messages] == types
    assert [m["job_id"] for m in messages] == ["s"] * len(types)
    assert [m["event_id"] for m in messages if "event_id" in m] == (["0-1-2-3"] if types else [])


def test_the_end_of_a_failed_job_reads_as_a_failed_completion() -> None:
    complete = messages_of(event("step.failed", worker_id="w", attempt=1, error=ERROR))[-1]
    assert complete["result"] == {"status": "failed", "data": None, "error": "broke"}
