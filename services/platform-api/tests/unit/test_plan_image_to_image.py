"""Pictures that start from one and second passes: what the payload says, what it costs, and what is refused."""

from typing import Any

import pytest
from darkroom_schemas.catalogue import CATALOGUE
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.plan import PlannedStep
from platform_api.domain.planning.plan_step import plan_steps

ASSET = {"asset_id": "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"}
REFERENCE = "{{steps.00.outputs.0.file}}"
FAST = CATALOGUE["sdxl_image_fast"]


def planned(job_type: str = "sdxl_image_fast", **payload: Any) -> PlannedStep:
    return plan_steps(job_type, {"prompt": "a boat", **payload}, None, where="x")[-1]


@pytest.mark.parametrize("file", [ASSET, REFERENCE])
def test_files_stay_as_they_are_named_until_the_job_is_submitted(file: Any) -> None:
    step = planned(init_image=file, mask_image=file, mask_blur=0, denoising_strength=0.4)
    assert (step.payload["init_image"], step.payload["mask_image"]) == (file, file)
    assert (step.payload["mask_blur"], step.payload["denoising_strength"]) == (0, 0.4)


def test_a_job_without_pictures_has_the_payload_and_the_price_that_it_had() -> None:
    step = planned(init_image=None, hires=None)
    assert step.price_mc == FAST.price_mc
    assert step.payload["max_bytes"] == FAST.max_output_bytes
    assert not {"init_image", "mask_image", "mask_blur", "denoising_strength", "hires"} & step.payload.keys()


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"init_image": ASSET}, 11),
        ({"init_image": ASSET, "denoising_strength": 0.0}, 1),
        ({"init_image": ASSET, "denoising_strength": 1.0}, 15),
        ({"hires": {"scale": 2, "denoising_strength": 0.5}}, 15 + 4 * 7),
        ({"hires": {}}, 15 + 4 * 10),
        ({"hires": {"width": 1536, "height": 1024, "steps": 40, "denoising_strength": 0.25}}, 15 + 1.5 * 10),
    ],
)
def test_the_price_is_that_of_the_steps_that_run(options: dict[str, Any], steps: float) -> None:
    assert planned(**options).price_mc == -(-FAST.price_mc * steps // 15)


def test_a_larger_picture_may_have_a_larger_file() -> None:
    assert planned(hires={"scale": 2}).payload["max_bytes"] == 4 * FAST.max_output_bytes


@pytest.mark.parametrize(
    ("job_type", "options", "field", "reason"),
    [
        ("sdxl_image_fast", {"mask_image": ASSET}, "mask_image", "init_image"),
        ("sdxl_image_fast", {"denoising_strength": 0.5}, "denoising_strength", "init_image"),
        ("sdxl_image_fast", {"init_image": ASSET, "denoising_strength": 1.5}, "denoising_strength", "equal to 1"),
        ("sdxl_image_fast", {"init_image": ASSET, "mask_image": ASSET, "mask_blur": 65}, "mask_blur", "equal to 64"),
        ("sdxl_image_fast", {"init_image": {"key": "of/another/user"}}, "init_image", "must be"),
        ("sdxl_image_fast", {"init_image": ASSET, "hires": {"scale": 2}}, "hires", "cannot be combined"),
        ("sdxl_image_fast", {"hires": {"scale": 5}}, "hires.scale", "equal to 4"),
        ("sdxl_image_fast", {"hires": {"scale": 4}}, "hires", "is too much work"),
        ("sdxl_image_fast", {"hires": {"scale": 2, "width": 2048, "height": 2048}}, "hires", "either scale"),
        ("sdxl_image_fast", {"hires": {"width": 2048}}, "hires", "together"),
        ("sdxl_image_fast", {"hires": {"width": 2050, "height": 2048}}, "hires", "multiples of 8"),
        ("sdxl_image_fast", {"hires": {"width": 512, "height": 2048}}, "hires", "at least 1024x1024"),
        ("sdxl_image_fast", {"hires": {"upscaler": "magic"}}, "hires.upscaler", "latent"),
        ("sdxl_image_fast", {"hires": {"scal": 2}}, "hires.scal", "scale"),
        ("sdxl_image_fast", {"hires": 2}, "hires", "dictionary"),
        ("image_fast", {"init_image": ASSET}, "init_image", "is not a parameter of image_fast"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(
    job_type: str, options: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        planned(job_type, **options)
    assert refusal.value.name == f"x.{field}"
    assert reason in refusal.value.message
