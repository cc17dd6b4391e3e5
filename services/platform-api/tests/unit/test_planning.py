"""From a request to steps: every value that decides the pixels is filled in, and bad ones are refused by name."""

from typing import Any

import pytest
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.payload import PAYLOAD
from darkroom_schemas.planning import MADE_SEEDS_BELOW
from platform_api.domain.errors import InvalidParameter, UnknownJobType
from platform_api.domain.planning.from_catalogue import SUBMITTABLE, JobRequest, plan_job
from platform_api.domain.planning.plan import Plan, check_plan


def plan(job_type: str, **values: Any) -> Plan:
    planned = plan_job(JobRequest(job_type, **values))
    check_plan(planned)
    return planned


@pytest.mark.parametrize("name", SUBMITTABLE)
def test_every_type_plans_payloads_that_workers_can_read(name: str) -> None:
    planned = plan(name, prompt="a boat")
    for step in planned.steps:
        assert PAYLOAD.validate_python(step.payload).model == CATALOGUE[step.job_type].model
    assert planned.price_mc == CATALOGUE[name].total_price_mc
    delivered = sum(step.price_mc * step.outputs for step in planned.steps if step.job_type == name)
    assert planned.price_mc == delivered + CATALOGUE[name].enhance_price_mc


def test_enhanced_type_takes_its_prompt_from_the_first_step() -> None:
    first, second = plan("video7b_high_enhanced", prompt="a boat").steps
    assert (first.job_type, second.job_type) == ("prompt_enhance", "video7b_high_enhanced")
    assert first.payload["prompt"] == "a boat"
    assert second.payload["prompt"] == "{{steps.00.text}}"
    assert second.payload["original_prompt"] == "a boat"


def test_sdxl_has_one_seed_an_image_and_wraps_at_64_bits() -> None:
    [step] = plan("sdxl_image_fast", seed=2**64 - 3).steps
    assert list(step.payload["seeds"]) == [2**64 - 3, 2**64 - 2, 2**64 - 1, 0, 1, 2]


def test_seed_that_we_make_is_exact_in_javascript_and_differs() -> None:
    seeds = {plan("image_fast").parameters["seeds"][0] for _ in range(20)}
    assert len(seeds) > 1
    assert max(seeds) < MADE_SEEDS_BELOW


@pytest.mark.parametrize("name", ["sdxl_image_fast", "image_fast", "video_high", "video7b_high_enhanced"])
def test_every_drawing_type_gets_the_negative_prompt_that_was_given(name: str) -> None:
    assert plan(name, negative_prompt="fog").steps[-1].payload["negative_prompt"] == "fog"
    assert plan(name, negative_prompt="").steps[-1].payload["negative_prompt"] == ""
    assert "negative_prompt" not in plan(name).steps[-1].payload


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"prompt": "x" * 2001}, "prompt"),
        ({"prompt": "\0"}, "prompt"),
        ({"negative_prompt": "x" * 2001}, "negative_prompt"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"priority": 0}, "priority"),
        ({"priority": 101}, "priority"),
    ],
)
def test_value_out_of_bounds_is_refused_by_name(values: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        plan("image_fast", **values)
    assert refusal.value.name == name


@pytest.mark.parametrize("name", ["hologram", "", "comfyui", "simulation"])
def test_type_that_this_route_does_not_take_is_refused_with_those_it_takes(name: str) -> None:
    with pytest.raises(UnknownJobType) as refusal:
        plan(name)
    assert refusal.value.valid == SUBMITTABLE


def test_what_a_client_sends_along_cannot_replace_what_was_decided() -> None:
    parameters = plan("image_fast", prompt="a boat", seed=5, extra={"seeds": [], "prompt": "", "mine": 1}).parameters
    assert parameters["seeds"] == [5]
    assert parameters["prompt"] == "a boat"
    assert parameters["mine"] == 1
