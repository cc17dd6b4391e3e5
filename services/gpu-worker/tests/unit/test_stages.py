"""Stages are checked, timed and cancellable in one place."""

from dataclasses import dataclass

import pytest
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.pipelines.stage import Stage, StageContractError, StageReport, run_stages
from gpu_worker.runtime.child_link import StepLink
from gpu_worker.runtime.messages import FromChild, Progressed


@dataclass
class State:
    dough: str | None = None
    bread: str | None = None


def knead(state: State, _: StageReport) -> None:
    state.dough = "dough"


def bake(state: State, _: StageReport) -> None:
    state.bread = "bread"


def forget(_state: State, _report: StageReport) -> None:
    """Keep no promise."""


def link() -> StepLink:
    return StepLink("run", lambda _: None)


def test_stages_run_in_order_and_are_timed() -> None:
    state = State()
    stages = (Stage("knead", knead, 0.3, gives=("dough",)), Stage("bake", bake, 0.7, needs=("dough",)))
    timings = run_stages(stages, state, link())
    assert state.bread == "bread"
    assert list(timings) == ["knead", "bake"]


def test_a_stage_does_not_start_without_what_it_needs() -> None:
    with pytest.raises(StageContractError, match="bake needs dough"):
        run_stages((Stage("bake", bake, 1.0, needs=("dough",)),), State(), link())


def test_a_stage_that_breaks_its_promise_is_caught_at_once() -> None:
    with pytest.raises(StageContractError, match="forget promised dough"):
        run_stages((Stage("forget", forget, 1.0, gives=("dough",)),), State(), link())


def test_a_stopped_step_begins_no_further_stage() -> None:
    stopped, state = link(), State()

    def stop_here(_state: State, _report: StageReport) -> None:
        stopped.stop()

    with pytest.raises(Stopped):
        run_stages((Stage("stop", stop_here, 0.5), Stage("bake", bake, 0.5)), state, stopped)
    assert state.bread is None


def test_running_out_of_memory_becomes_a_failure_that_names_the_stage() -> None:
    def greedy(_state: State, _report: StageReport) -> None:
        raise MemoryError

    with pytest.raises(Failure, match="during: greedy") as caught:
        run_stages((Stage("greedy", greedy, 1.0),), State(), link())
    assert caught.value.code is StepErrorCode.OUT_OF_MEMORY


def test_progress_of_a_stage_counts_by_its_share_of_the_step() -> None:
    sent: list[FromChild] = []

    def halfway(_state: State, report: StageReport) -> None:
        # The very first message of a link is always sent, later ones only so often.
        StageReport(StepLink("run", sent.append), report.name, report.done_before, report.share).tick(1, 2)

    run_stages((Stage("knead", knead, 1.0), Stage("bake", halfway, 3.0)), State(), link())
    assert isinstance(sent[0], Progressed)
    assert (sent[0].percent, sent[0].message, sent[0].current_step, sent[0].total_steps) == (62.5, "bake", 1, 2)
