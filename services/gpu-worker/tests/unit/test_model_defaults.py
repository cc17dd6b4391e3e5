"""What a job leaves open comes from the entry of its model; what the user chose stands."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import ImagePayload
from gpu_worker.domain.failures import Failure
from gpu_worker.models.payloads import with_defaults
from gpu_worker.models.registry import ModelEntry
from pydantic import ValidationError

LIGHTNING = {"steps": 4, "guidance_scale": 0, "sampler": "Euler", "timestep_spacing": "trailing", "clip_skip": 3}


def entry(family: str = "sdxl", **defaults: object) -> ModelEntry:
    raw = {"family": family, "source": {"tiny": family}, "disk_bytes": 1, "defaults": defaults}
    return ModelEntry.model_validate(raw)


def filled(payload: ImagePayload, **defaults: Any) -> ImagePayload:
    found = with_defaults(payload, {payload.model: entry(**defaults)})
    assert isinstance(found, ImagePayload)
    return found


def test_what_the_user_did_not_choose_comes_from_the_entry(image_payload: ImagePayload) -> None:
    found = filled(image_payload.model_copy(update={"chosen": ()}), **LIGHTNING)
    assert (found.steps, found.guidance_scale, found.sampler, found.clip_skip) == (4, 0, "Euler", 3)
    assert found.chosen is None
    assert filled(found, **LIGHTNING | {"steps": 8}) == found


def test_what_the_user_chose_stands(image_payload: ImagePayload) -> None:
    open_ = image_payload.model_copy(update={"chosen": ("steps", "sampler"), "clip_skip": 2})
    found = filled(open_, **LIGHTNING)
    assert (found.steps, found.sampler, found.clip_skip) == (image_payload.steps, image_payload.sampler, 2)
    assert found.guidance_scale == 0
    assert filled(image_payload, **LIGHTNING).steps == image_payload.steps  # a payload that does not say


def test_what_the_entry_leaves_open_stays_as_the_type_has_it(image_payload: ImagePayload) -> None:
    found = filled(image_payload.model_copy(update={"chosen": ()}), steps=8)
    assert (found.steps, found.guidance_scale) == (8, image_payload.guidance_scale)


def test_steps_that_the_default_sampler_does_not_take_are_refused(image_payload: ImagePayload) -> None:
    many = image_payload.model_copy(update={"chosen": ("steps",), "steps": 60})
    with pytest.raises(Failure, match="steps: must be at most 50 with the sampler LCM, are 60") as caught:
        filled(many, sampler="LCM", steps=6)
    assert caught.value.code is StepErrorCode.INVALID_PAYLOAD


@pytest.mark.parametrize(
    ("family", "defaults", "field"),
    [
        ("sdxl", {"sampler": "warp"}, "sampler"),
        ("sdxl", {"sampler": "LCM", "steps": 51}, "steps"),
        ("sdxl", {"timestep_spacing": "even"}, "timestep_spacing"),
        ("sdxl", {"prediction_type": "sample"}, "prediction_type"),
        ("wan", {"clip_skip": 2}, "clip_skip"),
        ("qwen", {"steps": 2}, "steps"),
    ],
)
def test_a_default_that_cannot_be_is_named(family: str, defaults: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        entry(family, **defaults)


def test_the_schedule_is_as_diffusers_names_it() -> None:
    defaults = entry(timestep_spacing="trailing", prediction_type="v_prediction").defaults
    assert defaults.schedule == {"timestep_spacing": "trailing", "prediction_type": "v_prediction"}


def test_the_entries_of_the_readme_are_valid() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    models = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])["profiles"]["full"]
    assert {name: ModelEntry.model_validate(raw).defaults.steps for name, raw in models.items()} == {
        "lightning": 4,
        "turbo": 1,
        "dmd2": 4,
    }
