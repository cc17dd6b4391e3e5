"""Groups: seeds, parameters, statuses by the rules of the dialect."""

from typing import Any

import pytest
from darkroom_schemas.groups.graph import UnknownParameter, with_parameters, with_seed
from darkroom_schemas.groups.policy import Policy, parse_policy, policy_name
from darkroom_schemas.groups.seeds import MIN_DISTANCE, SeedStrategy, seeds_of
from darkroom_schemas.groups.status import GroupStatus, standing_of
from darkroom_schemas.payload import MAX_SEED
from darkroom_schemas.status import TERMINAL, JobStatus
from darkroom_schemas.worker import Capabilities
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from queue_api.domain.groups.backends import choose_backends
from queue_api.domain.groups.request import JobGroupRequest, children_of, new_group_id

GRAPH: dict[str, Any] = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 42, "steps": 20, "cfg": 7.0, "model": ["4", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
    "5": {"class_type": "KSamplerAdvanced", "inputs": {"noise_seed": 7, "steps": ["6", 0]}},
}
seeds = st.integers(0, MAX_SEED)
strategies = st.sampled_from(SeedStrategy)
states = st.lists(st.sampled_from(JobStatus), min_size=1, max_size=8)


@given(strategies, seeds, st.integers(1, 100))
def test_seeds_are_distinct_in_range_and_the_same_again(strategy: SeedStrategy, base: int, number: int) -> None:
    made = seeds_of(strategy, base, number)
    assert made[0] == base
    assert len(set(made)) == number
    assert all(0 <= seed <= MAX_SEED for seed in made)
    assert base >= 2**53 or max(made) < 2**53
    assert made == seeds_of(strategy, base, number)
    assert made[: number // 2] == seeds_of(strategy, base, number // 2)[: number // 2] if number > 1 else True


def test_each_strategy_spaces_its_seeds_as_its_name_says() -> None:
    assert seeds_of(SeedStrategy.SEQUENTIAL, 42, 4) == (42, 43, 44, 45)
    assert seeds_of(SeedStrategy.FIBONACCI, 42, 6) == (42, 43, 44, 45, 47, 50)
    golden = seeds_of(SeedStrategy.GOLDEN_RATIO, 0, 3)
    assert golden[1] / 2**53 == pytest.approx(0.618034, abs=1e-6)
    assert golden[2] / 2**53 == pytest.approx(0.236068, abs=1e-6)
    made = seeds_of(SeedStrategy.RANDOM, 42, 50)
    assert min(abs(a - b) for n, a in enumerate(made) for b in made[:n]) >= MIN_DISTANCE


def test_a_seed_goes_into_every_input_that_holds_one() -> None:
    filled = with_seed(GRAPH, 2**64 - 1)
    assert filled["3"]["inputs"]["seed"] == filled["5"]["inputs"]["noise_seed"] == 2**64 - 1
    assert GRAPH["3"]["inputs"]["seed"] == 42


def test_parameters_replace_values_and_never_links() -> None:
    filled = with_parameters(GRAPH, {"steps": 30, "cfg_scale": 5.5, "ckpt_name": "b.safetensors"})
    assert filled["3"]["inputs"] == {"seed": 42, "steps": 30, "cfg": 5.5, "model": ["4", 0]}
    assert filled["5"]["inputs"]["steps"] == ["6", 0]
    assert filled["4"]["inputs"]["ckpt_name"] == "b.safetensors"
    for name in ("stepz", "model"):
        with pytest.raises(UnknownParameter, match=name):
            with_parameters(GRAPH, {name: 1})


@given(states, st.none() | st.integers(1, 8), st.booleans())
def test_the_status_of_a_group_follows_the_rules(
    children: list[JobStatus], needed: int | None, cancelled: bool
) -> None:
    now = standing_of(children, Policy(needed=needed), cancelled=cancelled)
    completed, failed = children.count(JobStatus.COMPLETED), children.count(JobStatus.FAILED)
    assert (now.completed, now.failed, now.total) == (completed, failed, len(children))
    assert now.is_final == all(child in TERMINAL for child in children)
    if cancelled:
        assert now.status is GroupStatus.CANCELLED
    elif needed is not None and completed >= needed:
        assert now.status is GroupStatus.COMPLETED
    elif completed and failed:
        assert now.status is GroupStatus.PARTIAL_COMPLETE
    elif not now.is_final:
        assert now.status is GroupStatus.RUNNING
    elif completed == len(children):
        assert now.status is GroupStatus.COMPLETED
    elif failed == len(children):
        assert now.status is GroupStatus.FAILED
    else:
        assert now.status in {GroupStatus.COMPLETED, GroupStatus.FAILED, GroupStatus.CANCELLED}


@pytest.mark.parametrize("text", ["all", "first", "quorum(3)"])
def test_a_policy_is_written_as_it_is_read(text: str) -> None:
    policy = parse_policy(text)
    assert policy is not None
    assert policy_name(policy) == text


@pytest.mark.parametrize("text", ["", "any", "quorum", "quorum(0)", "quorum(-1)", "quorum(99999)", "quorum(2) "])
def test_other_policies_are_none(text: str) -> None:
    assert parse_policy(text) is None


def test_only_back_ends_that_are_online_and_have_everything_are_used_each_once() -> None:
    live = [
        Capabilities(types=("comfyui",), models=("flux",), backends=("a_8188", "studio")),
        Capabilities(types=("comfyui",), backends=("b_8188",)),
        Capabilities(types=("a1111",), models=("flux",), backends=("c_7860",)),
        Capabilities(types=("sdxl_image_fast",)),
    ]
    choice = choose_backends(["studio", "b_8188", "a_8188", "c_7860", "gone"], [], live)
    assert choice.used == ("a_8188", "b_8188")
    assert choice.skipped == ("c_7860", "gone")
    assert choose_backends(["a_8188", "b_8188"], ["flux"], live).used == ("a_8188",)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "workflow_json"),
        ({"workflow_json": GRAPH}, "backend_ids"),
        ({"workflow_json": {}, "backend_ids": ["a"]}, "workflow_json"),
        ({"workflow_json": GRAPH, "backend_ids": ["a"], "job_type": "simulation"}, "either"),
        ({"workflow_json": GRAPH, "backend_ids": ["a"], "timeout_seconds": 29}, "timeout_seconds"),
        ({"workflow_json": GRAPH, "backend_ids": ["a"], "timeout_seconds": 3601}, "timeout_seconds"),
        ({"workflow_json": GRAPH, "backend_ids": ["a"], "seed_strategy": "dice"}, "seed_strategy"),
        ({"workflow_json": GRAPH, "backend_ids": ["a"], "base_seed": 2**64}, "base_seed"),
        ({"workflow_json": GRAPH, "backend_ids": ["a"], "policy": "quorum(2)"}, "policy"),
        ({"workflow_json": GRAPH, "backend_ids": ["a"] * 101}, "backend_ids"),
        ({"job_type": "simulation"}, "count"),
        ({"job_type": "simulation", "count": 2, "parameters": {"a": 1}}, "parameters"),
    ],
)
def test_a_request_that_is_not_clear_is_refused(body: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        JobGroupRequest.model_validate(body)


def test_children_are_numbered_and_have_their_seeds() -> None:
    request = JobGroupRequest(
        workflow_json=GRAPH, backend_ids=["a", "b"], base_seed=5, seed_strategy=SeedStrategy.SEQUENTIAL
    )
    group_id = new_group_id()
    first, second = children_of(request, group_id, ("a", "b"))
    assert (first.step_id, first.backend_id, first.seed) == (f"{group_id}:1:00", "a", 5)
    assert (second.step_id, second.backend_id, second.seed) == (f"{group_id}:1:01", "b", 6)
