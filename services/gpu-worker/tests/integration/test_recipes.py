"""Recipes say how the pixels were computed, and libraries are asked for their versions once."""

from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from darkroom_schemas.payload import ImagePayload, VideoPayload
from darkroom_schemas.recipe import Recipe, SchedulerUsed
from gpu_worker.models.profile import Profile
from gpu_worker.models.registry import FolderSource
from gpu_worker.models.tiny.build import ensure_tiny_model
from gpu_worker.pipelines import recipes
from gpu_worker.pipelines.computation import describe_scheduler
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.sdxl.samplers import SAMPLERS, make_sampler
from gpu_worker.runtime.gpu_software import driver_version
from gpu_worker.runtime.messages import Setup
from gpu_worker.wiring.gpu_process import make_executor
from support.drawing import Draw, Drawing


def test_an_images_recipe_names_formats_scheduler_attention_and_placement(
    draw: Draw, image_payload: ImagePayload
) -> None:
    drawing = draw(image_payload.model_copy(update={"seeds": (1,), "sampler": "DPM++ 2M Karras"}))
    drawing.run()
    recipe = drawing.files[0].recipe
    assert recipe.dtypes == dict.fromkeys(("text_encoder", "text_encoder_2", "unet", "vae"), "float32")
    assert (recipe.attention, recipe.placement, recipe.gpu, recipe.encoding) == ("native", "resident", None, None)
    assert recipe.scheduler is not None
    assert (recipe.scheduler.kind, recipe.scheduler.prediction_type) == ("DPMSolverMultistepScheduler", "epsilon")
    assert recipe.scheduler.flow_shift is None
    assert recipe.scheduler.settings["use_karras_sigmas"] is True
    assert recipe.scheduler.settings["beta_end"] == 0.012
    assert recipe.model.vae is None


@pytest.mark.parametrize(("sampler", "kind"), [("UniPC", "UniPCMultistepScheduler"), ("Euler", "FlowEuler")])
def test_a_stills_recipe_has_the_flow_shift_of_its_model(
    draw: Draw, still_payload: ImagePayload, sampler: str, kind: str
) -> None:
    drawing = draw(still_payload.model_copy(update={"sampler": sampler}))
    drawing.run()
    scheduler = drawing.files[0].recipe.scheduler
    assert scheduler is not None
    assert (scheduler.kind, scheduler.flow_shift) == (kind, 3.0)


def test_a_videos_recipe_names_its_encoder(draw: Draw, video_payload: VideoPayload) -> None:
    drawing = draw(video_payload.model_copy(update={"frames": 5, "steps": 1}))
    drawing.run()
    encoding = drawing.files[0].recipe.encoding
    assert encoding is not None
    assert encoding.encoder == "libx264"
    assert encoding.options.items() >= {"crf": "20", "preset": "veryfast", "g": "16"}.items()


def test_weights_that_are_mixed_count_by_their_number(
    draw: Draw, executor: PipelineExecutor, still_payload: ImagePayload
) -> None:
    transformer = executor.models.get(still_payload.model).parts["transformer"]
    table = transformer.scale_shift_table
    try:
        table.data = table.data.to(torch.float64)
        drawing = draw(still_payload)
        drawing.run()
    finally:
        table.data = table.data.to(torch.float32)
    assert drawing.files[0].recipe.dtypes == dict.fromkeys(("text_encoder", "transformer", "vae"), "float32")


def test_a_vae_that_replaces_the_models_own_is_named_with_its_hash(
    tiny: Profile, models_dir: Path, image_payload: ImagePayload, tmp_path: Path
) -> None:
    vae = ensure_tiny_model("sdxl", models_dir) / "vae"
    entry = tiny.models[image_payload.model].model_copy(update={"vae": FolderSource(folder=vae)})
    profile = tiny.model_copy(update={"models": {image_payload.model: entry}})
    executor = make_executor(Setup(profile=profile, models_dir=models_dir), lambda _: None)
    drawing = Drawing(executor, profile.fit(image_payload.model_copy(update={"seeds": (1,)})), tmp_path)
    drawing.run()
    ref = drawing.files[0].recipe.model
    assert ref.vae is not None
    assert (ref.vae.source, len(ref.vae.sha256 or "")) == ("vae", 64)
    assert ref.vae.sha256 != ref.sha256


def test_versions_are_read_once(draw: Draw, image_payload: ImagePayload, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        return version(name)

    monkeypatch.setattr(recipes, "version", ask)
    recipes.library_versions.cache_clear()
    drawing = draw(image_payload)
    drawing.run()
    assert sorted(asked) == ["diffusers", "gpu-worker", "torch", "transformers"]
    assert drawing.files[5].recipe.libraries["torch"] == version("torch")


def test_recipes_of_earlier_releases_are_read(recipe: Recipe) -> None:
    new = {"dtypes", "scheduler", "attention", "placement", "gpu", "encoding"}
    old = recipe.model_dump(mode="json", exclude=new)
    assert Recipe.model_validate(old) == recipe


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_samplers_configuration_survives_json(sampler: str) -> None:
    used = describe_scheduler(make_sampler(sampler, {"num_train_timesteps": 1000}))
    assert SchedulerUsed.model_validate_json(used.model_dump_json()) == used


def test_a_schedulers_lists_and_empty_values_are_left_out() -> None:
    used = describe_scheduler(make_sampler("DDIM", {"num_train_timesteps": 1000, "timestep_spacing": "trailing"}))
    assert used.timestep_spacing == "trailing"
    assert "trained_betas" not in used.settings


def test_the_drivers_version_is_read_where_the_kernel_states_it(tmp_path: Path) -> None:
    file = tmp_path / "version"
    assert driver_version(file) is None
    file.write_text("570.124.06\n")
    assert driver_version(file) == "570.124.06"
