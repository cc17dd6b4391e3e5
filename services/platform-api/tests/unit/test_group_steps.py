"""Jobs whose steps are a group: what a child's end means for the others, for the job and for its price."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from darkroom_schemas.events import EventType
from darkroom_schemas.groups.policy import Policy
from darkroom_schemas.groups.seeds import SeedStrategy
from darkroom_schemas.status import TERMINAL, JobStatus
from hypothesis import given
from hypothesis import strategies as st
from platform_api.domain.accounts.ledger import LedgerKind
from platform_api.domain.errors import InvalidParameter, UnknownJobType
from platform_api.domain.jobs.change import CancelStep, Change, SubmitStep
from platform_api.domain.jobs.job import JobState
from platform_api.domain.jobs.retry import restarted
from platform_api.domain.jobs.transitions import on_step_event
from platform_api.domain.planning.group_rules import GroupRules
from platform_api.domain.planning.plan import Plan, PlannedStep, check_plan
from platform_api.domain.planning.plan_group import GroupRequest, plan_group
from support.job_states import JOB, NOW, URLS, accepted, step_event


def group(children: int = 3, *, before: int = 0, needed: int | None = None, max_parallel: int | None = None) -> Plan:
    first = [PlannedStep("ollama_chat", {}, price_mc=10) for _ in range(before)]
    needs = tuple(range(before))
    rest = [PlannedStep("ollama_chat", {}, price_mc=100, needs=needs) for _ in range(children)]
    return Plan("ollama_chat", (*first, *rest), group_rules=GroupRules(before, needed, max_parallel))


def begin(plan: Plan) -> JobState:
    check_plan(plan)
    return accepted(plan)


def sent(state: JobState, kind: EventType, number: int) -> Change | None:
    data: dict[str, Any] = {
        "attempt": 1,
        "error": {"code": "timeout", "message": "slow"},
        "reason": "an operator's wish",
        "result": {"text": "golden"},
    }
    return on_step_event(state, step_event(kind, number, data), URLS)


def ended(state: JobState, *ends: tuple[int, EventType]) -> list[Change]:
    changes = []
    for number, kind in ends:
        change = sent(state, kind, number)
        assert change is not None
        changes.append(change)
        state = change.state
    return changes


COMPLETED, FAILED, CANCELLED = EventType.STEP_COMPLETED, EventType.STEP_FAILED, EventType.STEP_CANCELLED


def submitted(change: Change) -> list[str]:
    return [item.step.id[-2:] for item in change.outbox if isinstance(item, SubmitStep)]


def revoked(change: Change) -> list[str]:
    return [item.step_id[-2:] for item in change.outbox if isinstance(item, CancelStep)]


def test_a_child_that_fails_leaves_the_others_alone() -> None:
    [change] = ended(begin(group()), (1, FAILED))
    assert change.state.job.status is JobStatus.RUNNING
    assert [step.status.value for step in change.state.steps] == ["queued", "failed", "queued"]
    assert (change.history.event, change.history.step) == ("node_failed", 1)
    assert revoked(change) == []


def test_a_group_of_which_all_complete_is_completed_and_paid() -> None:
    changes = ended(begin(group()), (2, COMPLETED), (0, COMPLETED), (1, COMPLETED))
    job = changes[-1].state.job
    assert (job.status, job.charged_mc, job.error) == (JobStatus.COMPLETED, 300, None)


def test_a_group_that_misses_a_child_fails_and_keeps_what_was_delivered() -> None:
    changes = ended(begin(group()), (2, COMPLETED), (0, FAILED), (1, COMPLETED))
    job = changes[-1].state.job
    assert (job.status, job.charged_mc) == (JobStatus.FAILED, 200)
    assert job.error is not None
    assert job.error.code == "group_incomplete"
    assert job.error.message.startswith("2 of 3 children completed.")
    assert [(entry.kind, entry.amount_mc) for entry in changes[-1].ledger] == [
        (LedgerKind.CAPTURE, 100),
        (LedgerKind.RELEASE, 100),
    ]


def test_as_soon_as_the_policy_is_met_the_others_are_cancelled_and_released() -> None:
    change = ended(begin(group(4, needed=2)), (3, COMPLETED), (0, FAILED), (1, COMPLETED))[-1]
    assert (change.state.job.status, change.state.job.charged_mc) == (JobStatus.COMPLETED, 200)
    assert revoked(change) == ["02"]
    assert [step.status.value for step in change.state.steps] == ["failed", "completed", "cancelled", "completed"]


def test_children_that_all_were_cancelled_cancel_the_job() -> None:
    change = ended(begin(group(2)), (0, CANCELLED), (1, CANCELLED))[-1]
    assert (change.state.job.status, change.state.job.charged_mc) == (JobStatus.CANCELLED, 0)


def test_only_so_many_children_are_in_the_queue_at_once() -> None:
    state = begin(group(5, max_parallel=2))
    assert [step.submitted_at is not None for step in state.steps] == [True, True, False, False, False]
    first, second, third = ended(state, (1, COMPLETED), (0, FAILED), (3, CANCELLED))
    assert [submitted(first), submitted(second), submitted(third)] == [["02"], ["03"], ["04"]]


def test_what_comes_before_the_children_must_complete() -> None:
    state = begin(group(2, before=1))
    assert [step.submitted_at is not None for step in state.steps] == [True, False, False]
    [change] = ended(state, (0, FAILED))
    assert change.state.job.status is JobStatus.FAILED
    [change] = ended(state, (0, COMPLETED))
    assert submitted(change) == ["01", "02"]


def test_a_retry_runs_all_children_again_and_as_many_at_once() -> None:
    last = ended(begin(group(3, max_parallel=1)), (0, FAILED), (1, FAILED), (2, FAILED))[-1]
    again = restarted(replace(last.state, job=last.state.job), URLS, NOW)
    assert [step.submitted_at is not None for step in again.state.steps] == [True, False, False]
    assert [item.step.id for item in again.outbox if isinstance(item, SubmitStep)] == [f"{JOB}:2:00"]


@given(
    children=st.integers(1, 5),
    needed=st.none() | st.integers(1, 5),
    max_parallel=st.none() | st.integers(1, 5),
    events=st.lists(
        st.tuples(
            st.integers(0, 4),
            st.sampled_from([EventType.STEP_STARTED, EventType.STEP_RETRYING, COMPLETED, FAILED, CANCELLED]),
        ),
        max_size=40,
    ),
)
def test_any_order_of_events_ends_a_group_once_and_balances_its_price(
    children: int, needed: int | None, max_parallel: int | None, events: list[tuple[int, EventType]]
) -> None:
    needed = None if needed is None else min(needed, children)
    state = begin(group(children, needed=needed, max_parallel=max_parallel))
    money: Counter[LedgerKind] = Counter()
    ends = 0
    for number, kind in events:
        change = sent(state, kind, number) if number < children else None
        if change is None:
            continue
        state = change.state
        ends += state.job.status in TERMINAL
        for entry in change.ledger:
            money[entry.kind] += entry.amount_mc
        in_queue = sum(step.submitted_at is not None and step.status not in TERMINAL for step in state.steps)
        assert in_queue <= (max_parallel or children)
        assert in_queue or state.job.status in TERMINAL
    completed = sum(step.status is JobStatus.COMPLETED for step in state.steps)
    assert money[LedgerKind.CAPTURE] == state.job.charged_mc == 100 * completed
    if state.job.status in TERMINAL:
        assert ends == 1
        assert sum(money.values()) == state.job.price_mc
        assert (state.job.status is JobStatus.COMPLETED) == (completed >= (needed or children))
        assert all(step.status in TERMINAL for step in state.steps)


def test_children_share_one_enhancement_and_have_distinct_seeds() -> None:
    plan = plan_group(GroupRequest("video7b_fast_enhanced", {"prompt": "a boat"}, 3, SeedStrategy.SEQUENTIAL, 7))
    assert [step.job_type for step in plan.steps[:2]] == ["prompt_enhance", "video7b_fast_enhanced"]
    assert [step.payload["seeds"] for step in plan.steps[1:]] == [[7], [8], [9]]
    assert {step.needs for step in plan.steps[1:]} == {(0,)}
    assert plan.group_rules == GroupRules(1, None, None)
    check_plan(plan)


def test_no_two_children_draw_the_same_picture() -> None:
    plan = plan_group(GroupRequest("sdxl_image_fast", {"prompt": "a boat"}, 5, SeedStrategy.SEQUENTIAL, 7))
    seeds = [seed for step in plan.steps for seed in step.payload["seeds"]]
    assert seeds[:7] == [7, 8, 9, 10, 11, 12, 13]
    assert len(set(seeds)) == len(seeds) == 30


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"payload": {"prompt": "a boat", "seed": 3}}, "payload.seed"),
        ({"payload": {"prompt": 7}}, "payload.prompt"),
        ({"policy": Policy(needed=4)}, "policy"),
        ({"job_type": "stability_api", "payload": {"prompt": "x"}, "base_seed": 2**32}, "base_seed"),
        ({"count": 34}, "count"),
    ],
)
def test_a_group_that_cannot_be_run_is_refused_by_field(changed: dict[str, Any], field: str) -> None:
    values: dict[str, Any] = {"job_type": "sdxl_image_fast", "payload": {"prompt": "a boat"}, "count": 3} | changed
    with pytest.raises(InvalidParameter) as refusal:
        plan_group(GroupRequest(**values))
    assert refusal.value.name == field


def test_an_unknown_job_type_is_named() -> None:
    with pytest.raises(UnknownJobType):
        plan_group(GroupRequest("hologram", {}, 2))
