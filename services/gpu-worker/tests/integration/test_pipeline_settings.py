"""Settings of a model's pipeline reach the pipeline of each job."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from darkroom_schemas.payload import ImagePayload
from gpu_worker.models.profile import Profile
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.models.registry import FolderSource
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.runtime.messages import Setup
from gpu_worker.wiring.gpu_process import make_executor
from support.drawing import Draw, Drawing


def with_settings(executor: PipelineExecutor, model: str, folder: Path, models_dir: Path, **settings: Any) -> Profile:
    """Copy a tiny model with other settings in its `model_index.json`; return a profile with the copy in its place."""
    executor.models.get(model)
    profile = load_profile("tiny")
    [original] = (models_dir / "tiny").glob(f"{profile.models[model].family}-*")
    copy = folder / "model"
    shutil.copytree(original, copy)
    index = copy / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | settings))
    entry = profile.models[model].model_copy(update={"source": FolderSource(folder=copy)})
    return profile.model_copy(update={"models": {model: entry}, "preload": ()})


def drawn(profile: Profile, payload: ImagePayload, models_dir: Path, folder: Path) -> Drawing:
    executor = make_executor(Setup(profile=profile, models_dir=models_dir), lambda _: None)
    drawing = Drawing(executor, profile.fit(payload), folder)
    drawing.run()
    return drawing


@pytest.mark.parametrize("family", ["sdxl", "wan"])
def test_settings_of_the_model_change_its_pictures(
    family: str,
    draw: Draw,
    executor: PipelineExecutor,
    image_payload: ImagePayload,
    still_payload: ImagePayload,
    models_dir: Path,
    tmp_path: Path,
) -> None:
    settings: dict[str, Any] = {"force_zeros_for_empty_prompt": False}
    payload = image_payload.model_copy(update={"seeds": (1,), "negative_prompt": ""})
    if family == "wan":
        payload, settings = still_payload, {"expand_timesteps": True}
    plain = draw(payload)
    plain.run()
    profile = with_settings(executor, payload.model, tmp_path, models_dir, **settings)
    changed = drawn(profile, payload, models_dir, tmp_path)
    assert not np.array_equal(plain.pixels(), changed.pixels())


def test_settings_are_all_arguments_beside_the_parts(
    executor: PipelineExecutor, image_payload: ImagePayload, still_payload: ImagePayload
) -> None:
    assert executor.models.get(image_payload.model).config == {"force_zeros_for_empty_prompt": True}
    assert executor.models.get(still_payload.model).config == {"boundary_ratio": None, "expand_timesteps": False}
