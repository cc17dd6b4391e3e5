"""How a generation becomes a step: for a back end, for our pipeline, or not at all."""

from typing import Any

import pytest
from darkroom_schemas.catalogue import SDXL
from darkroom_schemas.payload import MAX_SEED
from darkroom_schemas.worker import Capabilities
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.generation import Generation
from platform_api.domain.plan import PlannedStep
from platform_api.domain.plan_generation import checkpoints, plan_generation

SDXL_WORKER = Capabilities(types=("sdxl_image_fast", "sdxl_image_high"), models=(SDXL, "pony_v8"))
FORGE = Capabilities(types=("a1111",), backends=("Main",))


def step_of(live: tuple[Capabilities, ...] = (SDXL_WORKER,), **asked: Any) -> PlannedStep:
    values = {"app_type": "forge", "server_alias": "Main", "prompt": "a boat"} | asked
    (step,) = plan_generation(Generation(**values), live).steps
    return step


def refused(live: tuple[Capabilities, ...] = (SDXL_WORKER,), **asked: Any) -> str:
    with pytest.raises(InvalidParameter) as error:
        step_of(live, **asked)
    return error.value.name.removeprefix("generation_params.")


def test_what_was_not_said_is_filled_in_from_the_catalogue() -> None:
    payload = step_of().payload
    assert (payload["width"], payload["height"], payload["steps"]) == (1024, 1024, 20)
    assert (payload["sampler"], payload["guidance_scale"], payload["model"]) == ("DPM++ 2M Karras", 7.0, SDXL)
    assert len(payload["seeds"]) == 1


def test_image_of_the_catalogues_size_and_steps_costs_the_catalogues_price() -> None:
    assert step_of(steps=15).price_mc == 250
    assert step_of(steps=25).price_mc == 500


def test_price_grows_with_steps_and_pixels_and_is_never_nothing() -> None:
    prices = [step_of(steps=steps).price_mc for steps in range(1, 151)]
    assert prices == sorted(prices)
    assert step_of(steps=50, width=512, height=512).price_mc == 250
    assert step_of(steps=1, width=64, height=64).price_mc == 10


@pytest.mark.parametrize(
    ("sampler", "scheduler", "expected"),
    [
        ("Euler", None, "Euler"),
        ("Euler", "Balanced", "Euler"),
        ("Euler", "Automatic", "Euler"),
        ("Euler", "karras", "Euler Karras"),
        ("DPM++ 2M Karras", "Karras", "DPM++ 2M Karras"),
        (None, "Karras", "DPM++ 2M Karras"),
        ("dpm++ 2m karras", " KARRAS ", "DPM++ 2M Karras"),
        ("dpmpp_2m", "karras", "DPM++ 2M Karras"),
        ("euler_ancestral", "Normal", "Euler a"),
        ("EULER", "balanced", "Euler"),
    ],
)
def test_sampler_and_scheduler_become_one_name(sampler: str | None, scheduler: str | None, expected: str) -> None:
    assert step_of(sampler=sampler, scheduler=scheduler).payload["sampler"] == expected


@pytest.mark.parametrize("path", ["pony_v8", "Pony_v8.safetensors", "Pony/pony_v8.safetensors", "a\\pony_v8.ckpt"])
def test_checkpoint_is_found_by_its_file_name(path: str) -> None:
    assert step_of(checkpoint=path).payload["model"] == "pony_v8"


def test_checkpoints_are_those_of_live_workers_and_the_default() -> None:
    assert checkpoints([FORGE]) == [SDXL]
    assert checkpoints([SDXL_WORKER, FORGE]) == [SDXL, "pony_v8"]


def test_what_no_pipeline_of_ours_does_needs_a_back_end() -> None:
    for name, asked in (
        ("restore_faces", {"restore_faces": True}),
        ("enable_hires_fix", {"hires": True}),
        ("upscaler_model", {"upscaler": "ESRGAN"}),
        ("refiner_model", {"refiner": "other"}),
        ("style_preset", {"style": "oil"}),
        ("subseed", {"subseed": 0}),
    ):
        assert refused(**asked) == name
        assert step_of((FORGE,), **asked).job_type == "a1111"
    assert step_of(upscaler="None", refiner="", style="simple").job_type == "sdxl_image_high"


def test_back_end_of_another_alias_or_kind_gets_nothing() -> None:
    assert step_of((SDXL_WORKER, FORGE), server_alias="Attic").requirements.backend is None  # type: ignore[union-attr]
    assert step_of((SDXL_WORKER, FORGE), app_type="comfyui").job_type == "sdxl_image_high"


def test_second_pass_costs_four_times_as_much() -> None:
    assert step_of((FORGE,), hires=True).price_mc == 4 * step_of((FORGE,)).price_mc


def test_work_of_one_job_is_bounded() -> None:
    assert refused(images=16, steps=150) == "num_images"
    assert refused(width=2048, height=2048) == "width"


def test_seeds_count_up_and_wrap() -> None:
    assert step_of(seed=MAX_SEED, images=2).payload["seeds"] == [MAX_SEED, 0]
