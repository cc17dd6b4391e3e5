from typing import Any

import pytest
from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.events import Event
from darkroom_schemas.ids import JobId, StepId, TenantId, WorkerId
from queue_api.domain.messages import messages_of, progress_message
from queue_api.domain.progress import LatestProgress


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
        (event("step.failed", worker_id="w", attempt=1, error=ERROR | {"code": "of a later release"}),
         ["job_failed", "complete_job"]),
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


def test_progress_is_the_workflows_beside_that_of_the_step() -> None:
    progress = ProgressMessage(
        job_id=JobId("wf"), step_id=StepId("s"), worker_id=WorkerId("w"), progress=75, step_progress=50, at_ms=5
    )
    message = progress_message(progress)
    assert (message["type"], message["progress"], message["step_progress"]) == ("update_job_progress", 75, 50)


async def test_the_latest_progress_of_each_step_is_taken_in_the_order_of_its_coming() -> None:
    latest = LatestProgress()
    for step, percent in (("a", 10), ("b", 20), ("a", 30)):
        latest.put(StepId(step), {"progress": percent})
    assert await latest.take() == [{"progress": 20}, {"progress": 30}]
