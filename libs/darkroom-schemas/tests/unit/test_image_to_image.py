"""The steps that run from a picture, and the size and the work of a second pass."""

from typing import Any

import pytest
from darkroom_schemas.image_to_image import Hires, denoising_steps
from darkroom_schemas.inputs import InputFile
from darkroom_schemas.payload import ImagePayload
from pydantic import ValidationError

FILE = InputFile(key="k", mime_type="image/png", size_bytes=1)


def payload(**changes: Any) -> ImagePayload:
    values = {"family": "sdxl", "prompt": "a", "seeds": [1], "width": 1000, "height": 640, "steps": 20, "model": "m",
              "guidance_scale": 7, "sampler": "Euler", "bucket": "b", "max_bytes": 1}  # fmt: skip
    return ImagePayload.model_validate(values | changes)


@pytest.mark.parametrize(
    ("steps", "strength", "run"),
    [(20, 0.75, 15), (4, 0.3, 1), (50, 0.29, 14), (4, 0.0, 1), (1, 0.5, 1), (20, 1.0, 20)],
)
def test_the_share_of_the_steps_is_rounded_down_and_at_least_one(steps: int, strength: float, run: int) -> None:
    assert denoising_steps(steps, strength) == run


def test_the_second_pass_is_as_large_as_the_family_supports() -> None:
    assert payload(hires={}).final_size == (2000, 1280)
    assert payload(hires={"scale": 1.5}).final_size == (1496, 960)
    assert payload(hires={"width": 1600, "height": 640}).final_size == (1600, 640)
    assert payload().final_size == (1000, 640)


def test_the_work_is_that_of_the_steps_that_run() -> None:
    pixels = 1000 * 640
    assert payload().step_pixels == 20 * pixels
    assert payload(init_image=FILE).step_pixels == 15 * pixels
    assert payload(init_image=FILE, denoising_strength=0.1).step_pixels == 2 * pixels
    assert payload(hires={"denoising_strength": 0.5}).step_pixels == (20 + 4 * 10) * pixels
    assert payload(hires={"denoising_strength": 0.5, "steps": 8}).step_pixels == (20 + 4 * 4) * pixels


def test_a_payload_that_was_drawn_from_text_alone_is_written_as_before() -> None:
    written = payload().model_dump(mode="json", exclude_none=True)
    assert not {"init_image", "mask_image", "mask_blur", "denoising_strength", "hires"} & written.keys()


@pytest.mark.parametrize("changes", [{"scale": 0.5}, {"scale": 5}, {"width": 4097, "height": 640}, {"steps": 201}])
def test_a_second_pass_beyond_the_limits_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Hires.model_validate(changes)
