"""LoRAs of requests and prompts become requirements on the worker and part of the payload, or are refused by name."""

from typing import Any

import pytest
from darkroom_schemas.loras import LoraChoice
from darkroom_schemas.worker import Capabilities, Requirements
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.checkpoints import UnknownCheckpoint, checkpoints
from platform_api.domain.planning.from_catalogue import JobRequest, plan_job
from platform_api.domain.planning.from_generation import plan_generation
from platform_api.domain.planning.generation import Generation
from platform_api.domain.planning.loras import choose_loras, known_loras
from platform_api.domain.planning.plan import Plan
from platform_api.domain.planning.plan_step import plan_steps

SDXL = "sdxl-base-1.0"
TYPES = ("sdxl_image_fast", "sdxl_image_high")
LIVE = (
    Capabilities(types=TYPES, models=(SDXL, "lora:Ink v1.0", "lora:oil")),
    Capabilities(types=TYPES, models=(SDXL, "lora:oil")),
    Capabilities(types=("image_fast",), models=("lora:elsewhere",)),
)
SIMULATED = (Capabilities(types=("simulation",)),)
INK = LoraChoice(name="Ink v1.0", weight=0.8)


def planned(live: tuple[Capabilities, ...] = LIVE, job_type: str = "sdxl_image_fast", **values: Any) -> Plan:
    return plan_job(JobRequest(job_type, **values), live)


def generated(live: tuple[Capabilities, ...] = LIVE, **values: Any) -> Plan:
    given = {"app_type": "forge", "server_alias": "Main", "prompt": "a boat"} | values
    return plan_generation(Generation(**given), live, UnknownCheckpoint.FALLBACK)


def test_tags_and_listed_loras_become_requirements_and_payload() -> None:
    plan = planned(prompt="a boat <lora:oil:0.25>", loras=(INK, LoraChoice(name="oil", weight=0.5)))
    (step,) = plan.steps
    assert step.payload["prompt"] == "a boat"
    assert step.payload["loras"] == [{"name": "Ink v1.0", "weight": 0.8}, {"name": "oil", "weight": 0.75}]
    assert step.required == Requirements(type="sdxl_image_fast", models=(SDXL, "lora:Ink v1.0", "lora:oil"))
    assert plan.parameters["loras"] == step.payload["loras"]
    assert plan.parameters["prompt"] == "a boat <lora:oil:0.25>"


def test_a_job_without_loras_requires_what_its_type_requires() -> None:
    plan = planned(prompt="a boat")
    assert plan.steps[0].requirements is None
    assert "loras" not in plan.parameters


@pytest.mark.parametrize("name", ["ink v1.0", "INK V1.0.safetensors", "styles/Ink v1.0.safetensors", "a\\ink v1.0"])
def test_a_lora_is_found_by_its_file(name: str) -> None:
    assert choose_loras("", (LoraChoice(name=name),), LIVE).models == ("lora:Ink v1.0",)
    assert choose_loras(f"<lora:{name}:1>", (), LIVE).models == ("lora:Ink v1.0",)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"prompt": "<lora:elsewhere:1>"}, "prompt"),
        ({"loras": (INK, LoraChoice(name="elsewhere"))}, "loras.1.name"),
    ],
)
def test_an_unknown_lora_is_refused_with_the_known_ones(values: dict[str, Any], field: str) -> None:
    text = "'elsewhere', which no live worker has; known: Ink v1.0, oil"
    with pytest.raises(InvalidParameter, match=text) as error:
        planned(**values)
    assert error.value.name == field
    with pytest.raises(InvalidParameter, match=text) as error:
        generated(**values)
    assert error.value.name == "generation_params." + field.replace("prompt", "positive_prompt")


def test_the_list_of_known_loras_is_bounded() -> None:
    live = (Capabilities(types=TYPES, models=tuple(f"lora:{n:03}" for n in range(30))),)
    with pytest.raises(InvalidParameter, match=r"known: 000, .*, 019 and others$"):
        planned(live, prompt="<lora:ink>")
    with pytest.raises(InvalidParameter, match=r"known: none$"):
        planned((Capabilities(types=TYPES),), prompt="<lora:ink>")


@pytest.mark.parametrize("live", [(), SIMULATED])
def test_without_a_worker_for_sdxl_every_lora_is_accepted(live: tuple[Capabilities, ...]) -> None:
    assert planned(live, prompt="<lora:new:1>").steps[0].required.models == (SDXL, "lora:new")


def test_a_job_has_at_most_eight_loras() -> None:
    prompt = "".join(f"<lora:{n}:1>" for n in range(9))
    with pytest.raises(InvalidParameter, match="at most 8 with those in the prompt, are 9"):
        planned((), prompt=prompt)


@pytest.mark.parametrize("job_type", ["image_fast", "video_high", "image7b_fast_enhanced"])
def test_other_types_refuse_loras(job_type: str) -> None:
    with pytest.raises(InvalidParameter, match=f"<lora:oil:1>, which needs a .*, not {job_type}") as error:
        planned(job_type=job_type, prompt="a boat <lora:oil:1>")
    assert error.value.name == "prompt"
    with pytest.raises(InvalidParameter, match="needs a job type that applies LoRAs") as error:
        planned(job_type=job_type, loras=(INK,))
    assert error.value.name == "loras"


def test_the_language_model_sees_no_tags() -> None:
    assert planned(job_type="prompt_enhance", prompt="a boat <lora:oil:1>").steps[0].payload["prompt"] == "a boat"


def test_a_generation_on_the_pipeline_has_its_loras() -> None:
    (step,) = generated(prompt="a boat <lora:oil>", loras=(INK,)).steps
    assert step.payload["prompt"] == "a boat"
    assert [lora["name"] for lora in step.payload["loras"]] == ["Ink v1.0", "oil"]
    assert step.required.models == (SDXL, "lora:Ink v1.0", "lora:oil")


def test_a_back_end_of_a1111_gets_tags() -> None:
    forge = Capabilities(types=("a1111",), backends=("Main",))
    (step,) = generated((forge,), prompt="a boat <lora:own:1>", loras=(INK,)).steps
    assert step.payload["prompt"] == "a boat <lora:own:1> <lora:Ink v1.0:0.8>"


def test_loras_of_a_workflow_are_refused() -> None:
    comfy = Capabilities(types=("comfyui",), backends=("Main",))
    with pytest.raises(InvalidParameter, match="nodes for them") as error:
        generated((comfy,), app_type="comfyui", workflow={"1": {}}, loras=(INK,))
    assert error.value.name == "generation_params.loras"


def test_loras_are_no_checkpoints() -> None:
    assert checkpoints(LIVE) == [SDXL]
    assert known_loras(LIVE) == ["Ink v1.0", "oil"]


def test_a_step_of_a_workflow_takes_loras_beside_its_own_requirements() -> None:
    more = Requirements(type="x", models=("own",))
    payload = {"prompt": "a boat <lora:oil:1>", "loras": [{"name": "Ink v1.0"}]}
    [step] = plan_steps("sdxl_image_fast", payload, more, where="x", live=LIVE)
    assert step.required.models == (SDXL, "lora:Ink v1.0", "lora:oil", "own")


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"loras": [{"name": "oil", "weight": 11}]}, "x.loras.0.weight"),
        ({"loras": [{}]}, "x.loras.0.name"),
        ({"loras": "oil"}, "x.loras"),
        ({"loras": [{"name": "oil"}] * 9}, "x.loras"),
        ({"prompt": "<lora:ink>"}, "x.prompt"),
    ],
)
def test_a_wrong_lora_of_a_step_is_named(payload: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        plan_steps("sdxl_image_fast", payload, None, where="x", live=LIVE)
    assert error.value.name == field


def test_other_steps_have_no_parameter_for_loras() -> None:
    with pytest.raises(InvalidParameter, match="has prompt, negative_prompt, seed") as error:
        plan_steps("image_fast", {"loras": [{"name": "oil"}]}, None, where="x", live=LIVE)
    assert error.value.name == "x.loras"
