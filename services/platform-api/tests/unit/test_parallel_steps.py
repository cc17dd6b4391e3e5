"""Steps that wait for several others, or for none: when they start, what they are given, and how the job ends."""

from dataclasses import replace
from typing import Any

import pytest
from darkroom_schemas.events import EventType
from darkroom_schemas.status import TERMINAL, JobStatus
from darkroom_schemas.worker import Requirements
from hypothesis import given
from hypothesis import strategies as st
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.jobs.change import CancelStep, Change, EmitEvent, SubmitStep
from platform_api.domain.jobs.job import JobState
from platform_api.domain.jobs.transitions import on_step_event
from platform_api.domain.planning.plan import Plan, PlannedStep, check_plan
from support.job_states import URLS, accepted, step_event

IMAGE = {"key": "k", "index": 0, "mime_type": "image/png", "size_bytes": 9, "sha256": "0" * 64}
RESULTS: dict[str, dict[str, Any]] = {"ollama_chat": {"text": "golden"}, "a1111": {"outputs": [IMAGE]}}


def chat(payload: dict[str, Any] | None = None, needs: tuple[int, ...] | None = None) -> PlannedStep:
    return PlannedStep("ollama_chat", payload or {}, price_mc=100, needs=needs)


def diamond(last: dict[str, Any]) -> Plan:
    """Plan 0 → (1, 2) → 3, where 1 makes an image and the others give text."""
    image = PlannedStep("a1111", {"prompt": "{{steps.00.text}}"}, price_mc=500, needs=(0,))
    return Plan("test", (chat(), image, chat(needs=(0,)), chat(last, needs=(1, 2))))


def begin(plan: Plan) -> JobState:
    check_plan(plan)
    return accepted(plan)


def sent(state: JobState, kind: EventType, number: int) -> Change | None:
    data: dict[str, Any] = {"attempt": 1, "error": {"code": "timeout", "message": "slow"}}
    data["result"] = RESULTS[state.steps[number].job_type]
    return on_step_event(state, step_event(kind, number, data), URLS)


def complete(state: JobState, number: int) -> Change:
    change = sent(state, EventType.STEP_COMPLETED, number)
    assert change is not None
    return change


def submitted(change: Change) -> dict[str, dict[str, Any]]:
    return {item.step.id[-2:]: item.step.payload for item in change.outbox if isinstance(item, SubmitStep)}


def test_steps_that_wait_for_none_start_at_once() -> None:
    state = begin(Plan("test", (chat(needs=()), chat(needs=()), chat())))
    assert [step.submitted_at is not None for step in state.steps] == [True, True, False]


def test_completed_step_submits_every_step_that_waited_for_it_alone() -> None:
    change = complete(begin(diamond({})), 0)
    assert submitted(change) == {"01": {"prompt": "golden"}, "02": {}}
    assert change.state.job.progress() == 25


def test_step_waits_for_all_it_needs_and_gets_their_results_anywhere_in_its_payload() -> None:
    last = {"ask": ["{{steps.00.text}} and {{steps.02.text}}", {"image": "{{steps.1.outputs.0.url}}"}]}
    state = complete(begin(diamond(last)), 0).state
    change = complete(state, 2)
    assert submitted(change) == {}
    change = complete(change.state, 1)
    payload = submitted(change)["03"]
    assert payload["ask"][0] == "golden and golden"
    assert payload["ask"][1]["image"].startswith("https://darkroom.example/api/assets/")


def test_job_ends_when_all_steps_are_done_in_whatever_order() -> None:
    change = complete(begin(diamond({})), 0)
    for number in (2, 1, 3):
        assert change.state.job.status is JobStatus.RUNNING
        change = complete(change.state, number)
    assert change.state.job.status is JobStatus.COMPLETED
    assert change.state.job.charged_mc == change.state.job.price_mc == 800


def test_failed_step_fails_the_job_and_revokes_those_beside_it() -> None:
    state = complete(begin(diamond({})), 0).state
    change = sent(state, EventType.STEP_FAILED, 1)
    assert change is not None
    assert change.state.job.status is JobStatus.FAILED
    assert [item.step_id[-2:] for item in change.outbox if isinstance(item, CancelStep)] == ["02"]
    assert [step.status.value for step in change.state.steps] == ["completed", "failed", "cancelled", "cancelled"]
    assert sum(entry.amount_mc for entry in change.ledger) == 700


def test_job_is_delayed_only_while_nothing_else_of_it_runs() -> None:
    state = complete(begin(diamond({})), 0).state
    for kind, number, status in (
        (EventType.STEP_STARTED, 1, JobStatus.RUNNING),
        (EventType.STEP_STARTED, 2, JobStatus.RUNNING),
        (EventType.STEP_RETRYING, 1, JobStatus.RUNNING),
        (EventType.STEP_RETRYING, 2, JobStatus.DELAYED),
        (EventType.STEP_STARTED, 1, JobStatus.RUNNING),
    ):
        change = sent(state, kind, number)
        assert change is not None
        state = change.state
        assert state.job.status is status


def test_result_that_was_not_delivered_fails_the_job_and_keeps_what_was() -> None:
    plan = Plan("test", (chat(), chat({"url": "{{steps.00.outputs.0.url}}"})))
    change = complete(begin(plan), 0)
    assert change.state.job.status is JobStatus.FAILED
    assert change.state.job.error is not None
    assert "{{steps.00.outputs.0.url}}" in change.state.job.error.message
    assert [(entry.kind.value, entry.amount_mc) for entry in change.ledger] == [("capture", 100), ("release", 100)]
    assert [step.status.value for step in change.steps] == ["completed", "cancelled"]


def test_what_an_earlier_run_was_paid_for_is_not_paid_again() -> None:
    state = replace(begin(Plan("test", (chat(needs=()), chat(needs=())))), captured=frozenset({"00:text"}))
    state = replace(state, job=replace(state.job, charged_mc=100))
    first = complete(state, 0)
    assert first.ledger == ()
    second = complete(first.state, 1)
    assert [entry.item for entry in second.ledger] == ["01:text"]
    assert second.state.job.charged_mc == 200


def test_run_that_delivers_otherwise_than_the_one_before_costs_no_more_than_was_reserved() -> None:
    image = PlannedStep("a1111", {"prompt": "x"}, price_mc=500)
    state = replace(begin(Plan("test", (image,))), captured=frozenset({"00:07"}))
    change = complete(replace(state, job=replace(state.job, charged_mc=500)), 0)
    assert (change.ledger, change.state.job.charged_mc) == ((), 500)
    assert len(change.assets) == 1


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ((), "steps"),
        ((chat(),) * 101, "steps"),
        ((chat(needs=(0,)),), "steps.0.needs"),
        ((chat(), chat(needs=(2,)), chat()), "steps.1.needs"),
        ((chat(), chat(needs=(-1,))), "steps.1.needs"),
        ((chat(needs=()), chat({"x": ["{{steps.00.text}}"]}, needs=())), "steps.1.payload"),
    ],
)
def test_plan_that_could_not_run_to_its_end_is_refused_by_field(steps: tuple[PlannedStep, ...], field: str) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        check_plan(Plan("test", steps))
    assert refusal.value.name == field


def test_step_goes_to_the_queue_with_requirements_of_its_own() -> None:
    step = PlannedStep("a1111", {}, price_mc=1, requirements=Requirements(type="a1111", backend="forge-1"))
    change = complete(begin(Plan("test", (chat(), step))), 0)
    [item] = [item for item in change.outbox if isinstance(item, SubmitStep)]
    assert item.step.requirements.backend == "forge-1"


@given(
    st.lists(st.tuples(st.sampled_from([EventType.STEP_STARTED, EventType.STEP_RETRYING, EventType.STEP_COMPLETED,
                                        EventType.STEP_FAILED]), st.integers(0, 3)), max_size=20)
)  # fmt: skip
def test_any_order_of_events_ends_a_job_of_parallel_steps_once(events: list[tuple[EventType, int]]) -> None:
    state, changes = begin(diamond({"x": "{{steps.02.text}}"})), []
    for kind, number in events:
        change = sent(state, kind, number)
        if change is not None:
            changes.append(change)
            state = change.state
    ended = state.job.status in TERMINAL
    entries = [entry for change in changes for entry in change.ledger]
    assert not ended or sum(entry.amount_mc for entry in entries) == state.job.price_mc
    assert not ended or all(step.status in TERMINAL for step in state.steps)
    final = {EventType.JOB_COMPLETED, EventType.JOB_FAILED}
    ends = [item for c in changes for item in c.outbox if isinstance(item, EmitEvent) and item.type in final]
    assert len(ends) == ended
    handed_over = [item.step.id for c in changes for item in c.outbox if isinstance(item, SubmitStep)]
    assert len(handed_over) == len(set(handed_over))
