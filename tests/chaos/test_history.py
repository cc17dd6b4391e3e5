import pytest
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import StepId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepResult, StepView
from support.history import broken_promises
from support.steps import make_step

STEP = make_step(max_attempts=2)


def event(kind: EventType, *, worker: str = "w1", attempt: int = 1, text: str = "right") -> Event:
    data = {"worker_id": worker, "attempt": attempt, "result": {"text": text}}
    return Event(id="0-1-1-1", type=kind, job_id=STEP.job_id, step_id=STEP.id, tenant=STEP.tenant, at_ms=1, data=data)


def view(status: JobStatus = JobStatus.COMPLETED, text: str = "right") -> StepView:
    return StepView(
        id=STEP.id, job_id=STEP.job_id, tenant=STEP.tenant, status=status, attempt=1, max_attempts=2, queued_at_ms=1,
        result=StepResult(text=text),
    )  # fmt: skip


QUEUED, STARTED, DONE = event(EventType.STEP_QUEUED), event(EventType.STEP_STARTED), event(EventType.STEP_COMPLETED)
ELSEWHERE = event(EventType.STEP_STARTED, worker="w2", attempt=2)


def judge(story: list[Event], state: StepView | None) -> list[str]:
    views: dict[StepId, StepView | None] = {STEP.id: state}
    return [fault.removeprefix(f"{STEP.id}: ") for fault in broken_promises([STEP], story, views)]


def test_a_clean_history_breaks_nothing() -> None:
    assert judge([QUEUED, STARTED, DONE], view()) == []


@pytest.mark.parametrize(
    ("story", "state", "fault"),
    [
        ([QUEUED], None, "is lost"),
        ([QUEUED, STARTED], view(JobStatus.RUNNING), "has not ended but is running"),
        ([QUEUED, STARTED, DONE, DONE], view(), "ended 2 times"),
        ([QUEUED, STARTED, DONE, STARTED], view(), "step.started came after its end"),
        ([QUEUED, STARTED, DONE], view(JobStatus.FAILED), "is failed, but its last event is step.completed"),
        ([QUEUED, STARTED, ELSEWHERE, DONE], view(), "was completed by w1, but held by [('w2', 2)]"),
        ([QUEUED, STARTED, DONE], view(text="other"), "keeps another result than the one that completed it"),
        ([STARTED, event(EventType.STEP_STARTED, attempt=3), event(EventType.STEP_COMPLETED, attempt=3)], view(),
         "was tried more than 2 times"),
    ],
)  # fmt: skip
def test_each_broken_promise_is_named(story: list[Event], state: StepView | None, fault: str) -> None:
    assert judge(story, state) == [fault]
