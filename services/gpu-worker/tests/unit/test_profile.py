"""Profiles scale payloads; nothing else in the worker knows which profile it runs."""

from pathlib import Path

import darkroom_mini
import pytest
import yaml
from darkroom_schemas.catalogue import CATALOGUE, Connector
from darkroom_schemas.payload import ImagePayload, PromptPayload, VideoPayload
from gpu_worker.models.profile import Profile
from gpu_worker.models.profile_loader import RegistryError, load_profile
from gpu_worker.models.registry import FolderSource


@pytest.fixture(scope="module")
def tiny() -> Profile:
    return load_profile("tiny")


def test_tiny_pictures_shrink_in_both_directions_and_take_few_steps(tiny: Profile, image_payload: ImagePayload) -> None:
    fitted = tiny.fit(image_payload)
    assert isinstance(fitted, ImagePayload)
    assert (fitted.width, fitted.height, fitted.steps) == (128, 128, 4)
    assert fitted.seeds == image_payload.seeds


def test_tiny_videos_stay_upright_and_keep_every_frame(tiny: Profile, video_payload: VideoPayload) -> None:
    fitted = tiny.fit(video_payload)
    assert isinstance(fitted, VideoPayload)
    assert (fitted.width, fitted.height) == (96, 160)
    assert (fitted.frames, fitted.fps) == (81, 16)


def test_tiny_prompts_are_short(tiny: Profile, prompt_payload: PromptPayload) -> None:
    fitted = tiny.fit(prompt_payload)
    assert isinstance(fitted, PromptPayload)
    assert fitted.max_new_tokens == 48


def test_no_side_shrinks_below_what_a_model_can_draw(tiny: Profile, image_payload: ImagePayload) -> None:
    fitted = tiny.fit(image_payload.model_copy(update={"width": 64, "height": 200}))
    assert isinstance(fitted, ImagePayload)
    assert (fitted.width, fitted.height) == (64, 64)


def test_the_full_profile_changes_nothing_that_the_catalogue_orders(
    image_payload: ImagePayload, video_payload: VideoPayload, prompt_payload: PromptPayload
) -> None:
    full = load_profile("full")
    for payload in (image_payload, video_payload, prompt_payload):
        assert full.fit(payload) == payload


def test_sides_are_rounded_to_what_the_family_can_draw(video_payload: VideoPayload) -> None:
    fitted = load_profile("full").fit(video_payload.model_copy(update={"width": 470}))
    assert isinstance(fitted, VideoPayload)
    assert fitted.width == 464


def test_mini_pictures_have_the_size_that_the_model_was_trained_for(image_payload: ImagePayload) -> None:
    fitted = load_profile("mini").fit(image_payload.model_copy(update={"width": 1024, "height": 1536, "steps": 40}))
    assert isinstance(fitted, ImagePayload)
    assert (fitted.width, fitted.height, fitted.steps) == (256, 384, 30)


@pytest.mark.parametrize(("model", "folder"), [("sdxl-base-1.0", "darkroom-mini"), ("qwen2.5-7b-instruct", "expander")])
def test_the_mini_models_are_folders_of_their_package(model: str, folder: str) -> None:
    source = load_profile("mini").models[model].source
    assert isinstance(source, FolderSource)
    assert source.folder == Path(darkroom_mini.__path__[0], "weights", folder)


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    entry = {"family": "sdxl", "source": {"package": "no_such_package", "folder": "model"}, "disk_bytes": 1}
    models = tmp_path / "models.yaml"
    models.write_text(yaml.safe_dump({"profiles": {"mini": {"mine": entry}}}))
    with pytest.raises(RegistryError, match=r"mine.*package: no_such_package is not installed"):
        load_profile("mini", models_file=models)


@pytest.mark.parametrize("name", ["tiny", "mini", "full"])
def test_every_model_of_the_catalogue_is_in_every_profile(name: str) -> None:
    wanted = {entry.model for entry in CATALOGUE.values() if entry.connector is Connector.LOCAL}
    assert wanted == set(load_profile(name).models)
