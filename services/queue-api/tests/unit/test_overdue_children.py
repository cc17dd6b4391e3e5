"""When the time of a group's child begins, and which children are over it."""

from typing import Any

from darkroom_schemas.ids import JobId, StepId, TenantId
from darkroom_schemas.status import TERMINAL, JobStatus
from darkroom_schemas.step import StepView
from hypothesis import given
from hypothesis import strategies as st
from queue_api.domain.groups.overdue import clocks_of, overdue
from queue_api.domain.groups.record import Child, GroupRecord
from queue_api.domain.groups.views import Views

LIMIT_S, NOW = 30.0, 1_000_000
GROUP = JobId("jg_1")
HERE, AWAY = "here_8188", "away_8188"


def record_of(backends: list[str | None]) -> GroupRecord:
    children = tuple(Child(step_id=StepId(f"{GROUP}:1:{i:02}"), backend_id=b, seed=i) for i, b in enumerate(backends))
    return GroupRecord(id=GROUP, children=children, job_type="comfyui", timeout_s=LIMIT_S, created_ms=0)


def view(step_id: StepId, status: JobStatus, **changes: Any) -> StepView:
    fields = {"id": step_id, "job_id": GROUP, "tenant": TenantId("t"), "status": status, "attempt": 1}
    return StepView(**fields | {"max_attempts": 2, "queued_at_ms": 0} | changes)


def views_of(record: GroupRecord, *statuses: JobStatus, **changes: Any) -> Views:
    return {s: view(s, status, **changes) for s, status in zip(record.step_ids, statuses, strict=True)}


def test_time_begins_with_the_start_or_when_the_back_end_is_away() -> None:
    record = record_of([HERE, HERE, AWAY, None, AWAY])
    waiting, running = JobStatus.QUEUED, JobStatus.RUNNING
    views = views_of(record, running, waiting, waiting, waiting, JobStatus.COMPLETED, started_at_ms=7)
    first, _, third, *_ = record.step_ids
    assert clocks_of(record, views, {HERE}, NOW) == {first: 7, third: NOW}


def test_a_child_that_is_not_submitted_yet_has_no_time() -> None:
    record = record_of([AWAY])
    assert clocks_of(record, dict.fromkeys(record.step_ids), set(), NOW) == {}


@given(st.sampled_from(JobStatus), st.integers(0, 60_000))
def test_only_a_waiting_child_is_overdue_and_only_after_its_limit(status: JobStatus, waited_ms: int) -> None:
    record = record_of([AWAY])
    [step_id] = record.step_ids
    late = overdue(record, views_of(record, status), {step_id: NOW - waited_ms}, NOW)
    waits = status not in TERMINAL and status is not JobStatus.RUNNING
    assert late == ([step_id] if waits and waited_ms >= LIMIT_S * 1000 else [])
