"""Whatever order a step's events come in, a job ends once, and every reserved credit is captured or given back."""

from typing import Any

from darkroom_schemas.events import Event, EventType
from darkroom_schemas.status import TERMINAL, JobStatus
from hypothesis import given
from hypothesis import strategies as st
from platform_api.domain.accounts.ledger import LedgerKind
from platform_api.domain.jobs.change import CancelStep, Change, EmitEvent, SubmitStep
from platform_api.domain.jobs.job import JobState
from platform_api.domain.jobs.transitions import on_cancel, on_step_event
from platform_api.domain.planning.from_catalogue import JobRequest, plan_job
from support.job_states import JOB, NOW, URLS, accepted, step_event

RESULT: dict[str, Any] = {
    "text": "golden",
    "outputs": [
        {"key": f"k{i}", "index": i, "mime_type": "image/png", "size_bytes": 9, "sha256": "0" * 64} for i in range(9)
    ],
}
DATA: dict[str, dict[str, Any]] = {
    "step.queued": {},
    "step.started": {"worker_id": "w", "attempt": 1},
    "step.released": {"worker_id": "w1", "attempt": 1},
    "step.retrying": {"attempt": 1, "error": {"code": "timeout", "message": "slow"}, "retry_at_ms": 1},
    "step.completed": {"worker_id": "w", "result": RESULT},
    "step.failed": {"error": {"code": "timeout", "message": "slow"}},
    "step.cancelled": {"reason": "no more"},
}


def new_job(job_type: str) -> JobState:
    return accepted(plan_job(JobRequest(job_type, prompt="a boat")))


def event(kind: str, number: int = 0, run: int = 1, id_: str = "0-1-1-1") -> Event:
    return step_event(kind, number, DATA[kind], run=run, id_=id_, after_ms=5)


def play(state: JobState, *events: Event) -> tuple[JobState, list[Change]]:
    changes = []
    for one in events:
        change = on_step_event(state, one, URLS)
        if change is not None:
            state = change.state
            changes.append(change)
    return state, changes


FINAL = {EventType.JOB_COMPLETED, EventType.JOB_FAILED, EventType.JOB_CANCELLED}

kinds = st.sampled_from(sorted(DATA))
job_types = st.sampled_from(["sdxl_image_fast", "video_fast", "image7b_fast_enhanced", "prompt_enhance"])


@given(job_types, st.lists(st.tuples(kinds, st.integers(0, 2), st.integers(1, 2))))
def test_any_order_of_events_keeps_the_ledger_balanced(job_type: str, sent: list[tuple[str, int, int]]) -> None:
    state, changes = play(new_job(job_type), *(event(kind, number, run) for kind, number, run in sent))
    ledger = [entry for change in changes for entry in change.ledger]
    captured = sum(entry.amount_mc for entry in ledger if entry.kind is LedgerKind.CAPTURE)
    released = sum(entry.amount_mc for entry in ledger if entry.kind is LedgerKind.RELEASE)
    assert captured == state.job.charged_mc
    assert len({entry.item for entry in ledger if entry.kind is LedgerKind.CAPTURE}) == len(
        [entry for entry in ledger if entry.kind is LedgerKind.CAPTURE]
    )
    ended = state.job.status in TERMINAL
    assert (captured + released == state.job.price_mc) if ended else released == 0
    assert (state.job.completed_at is not None) == ended
    assert not ended or all(step.status in TERMINAL for step in state.steps)
    assert state.job.history_seq == 1 + len(changes)
    ends = [item for c in changes for item in c.outbox if isinstance(item, EmitEvent) and item.type in FINAL]
    assert len(ends) == ended


def test_first_step_of_an_enhanced_job_submits_the_second_with_its_text() -> None:
    state, changes = play(new_job("image7b_fast_enhanced"), event("step.started"), event("step.completed"))
    assert state.job.status is JobStatus.RUNNING
    assert state.job.text == "golden"
    [submitted] = [item for item in changes[-1].outbox if isinstance(item, SubmitStep)]
    assert submitted.step.payload["prompt"] == "golden"
    assert submitted.step.id.endswith(":1:01")
    assert state.job.progress() == 50


def test_notes_of_a_result_are_in_the_history() -> None:
    result = {"text": "a boat", "notes": ["Not enhanced.", "\0Really."]}
    completed = event("step.completed").model_copy(update={"data": {"result": result}})
    _, changes = play(new_job("prompt_enhance"), event("step.started"), completed)
    assert changes[-1].history.message == "Job completed. Not enhanced. Really."
    _, changes = play(new_job("image7b_fast_enhanced"), event("step.started"), completed)
    assert changes[-1].history.message == "Node 1 of 2 completed: Prompt enhancement. Not enhanced. Really."


def test_event_of_an_old_run_changes_nothing() -> None:
    _, changes = play(new_job("image_fast"), event("step.completed", run=2))
    assert changes == []


def test_cancel_revokes_what_the_queue_has() -> None:
    state, _ = play(new_job("image_fast"), event("step.started"))
    change = on_cancel(state, "enough", NOW, URLS)
    assert change is not None
    assert [item.step_id for item in change.outbox if isinstance(item, CancelStep)] == [f"{JOB}:1:00"]
    assert on_cancel(change.state, "again", NOW, URLS) is None


def test_more_outputs_than_were_paid_for_are_left_out() -> None:
    state, _ = play(new_job("sdxl_image_fast"), event("step.started"), event("step.completed"))
    assert len(state.job.outputs) == 6
    assert state.job.charged_mc == state.job.price_mc


def test_a_step_that_its_worker_gave_back_waits_again_and_so_does_its_job() -> None:
    state, _ = play(new_job("sdxl_image_fast"), event("step.started"), event("step.released", id_="0-1-1-2"))
    assert (state.job.status, state.steps[0].status) == (JobStatus.QUEUED, JobStatus.QUEUED)
    assert state.steps[0].worker_id is None
    state, _ = play(state, event("step.started", id_="0-1-1-3"))
    assert state.job.status is JobStatus.RUNNING
