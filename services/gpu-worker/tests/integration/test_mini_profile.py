"""The profile mini runs Darkroom's own models by the code of all SDXL and Qwen models."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from darkroom_mini.captions.parser import Named, parse
from darkroom_mini.training.plan import Plan
from darkroom_mini.world.scene import Colour, Time
from darkroom_schemas.image_to_image import Hires
from darkroom_schemas.inputs import InputFile
from darkroom_schemas.payload import ImagePayload, PromptPayload
from darkroom_schemas.recipe import Recipe
from gpu_worker.models.profile import Profile
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.runtime.messages import Setup
from gpu_worker.wiring.gpu_process import make_executor
from PIL import Image
from support.drawing import Drawing
from support.mini_model import export_untrained

Prepare = Callable[..., Drawing]


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    folder = export_untrained(tmp_path_factory.mktemp("mini"))
    return load_profile("mini", sdxl_checkpoint=folder, only=("sdxl-base-1.0",), preload=())


@pytest.fixture(scope="module")
def prepare(
    mini: Profile, image_payload: ImagePayload, models_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Prepare:
    """Prepare steps of the profile, each with a folder of its own."""
    executor = make_executor(Setup(profile=mini, models_dir=models_dir), lambda _: None)

    def order(**changes: object) -> Drawing:
        payload = image_payload.model_copy(update={"steps": 2, **changes})
        return Drawing(executor, mini.fit(payload), tmp_path_factory.mktemp("spool"))

    return order


@pytest.mark.parametrize(("width", "height"), [(1024, 1024), (1536, 1024), (1000, 1500)])
def test_a_picture_has_a_quarter_of_the_sides(prepare: Prepare, width: int, height: int) -> None:
    drawing = prepare(width=width, height=height, seeds=(1, 2))
    drawing.run()
    size = tuple(round(side / 4 / 16) * 16 for side in (width, height))
    assert drawing.image().size == size
    recipe = Recipe.model_validate_json(drawing.image().info["darkroom"])
    assert recipe.model.source == "darkroom-mini"
    assert recipe.batch_shape == (2, Plan().channels, size[1] // 16, size[0] // 16)


def test_a_rerun_gives_the_same_bytes(prepare: Prepare) -> None:
    first, second = prepare(seeds=(3,)), prepare(seeds=(3,))
    first.run()
    second.run()
    assert first.files[0].path.read_bytes() == second.files[0].path.read_bytes()


def test_previews_have_a_pixel_for_each_latent(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpu_worker.pipelines.preview.MIN_INTERVAL_S", 0.0)
    drawing = prepare(seeds=(1,))
    drawing.run()
    previews = [update.preview for update in drawing.progress if update.preview is not None]
    with Image.open(previews[-1].path) as picture:
        assert picture.size == (16, 16)


@pytest.mark.parametrize("masked", [False, True])
def test_a_picture_may_start_from_another(prepare: Prepare, tmp_path: Path, masked: bool) -> None:
    names = ["init_image", *(["mask_image"] if masked else [])]
    files = {name: tmp_path / f"{name}.png" for name in names}
    for file in files.values():
        Image.fromarray(np.full((300, 300, 3), 90, np.uint8)).save(file)
    fields = {name: InputFile(key=name, mime_type="image/png", size_bytes=1) for name in names}
    drawing = prepare(seeds=(1,), strength=0.5, steps=4, **fields)
    drawing.inputs = files
    drawing.run()
    assert drawing.image().size == (256, 256)


@pytest.mark.parametrize("upscaler", ["latent", "lanczos"])
def test_a_second_pass_enlarges_the_first(prepare: Prepare, upscaler: str) -> None:
    drawing = prepare(seeds=(1,), hires=Hires(scale=1.5, denoising_strength=0.5, upscaler=upscaler))
    drawing.run()
    assert drawing.image().size == (384, 384)


@pytest.mark.parametrize("prompt", ["a red boat at night", "ein rotes Boot in der Nacht"])
def test_a_prompt_becomes_a_sentence_that_keeps_what_it_states(
    prompt: str, prompt_payload: PromptPayload, models_dir: Path, tmp_path: Path
) -> None:
    profile = load_profile("mini", only=("qwen2.5-7b-instruct",), preload=())
    executor = make_executor(Setup(profile=profile, models_dir=models_dir), lambda _: None)
    payload = profile.fit(prompt_payload.model_copy(update={"prompt": prompt}))
    done = Drawing(executor, payload, tmp_path).run()
    assert done.text is not None
    assert done.notes == ()
    facts = parse(done.text)
    assert (facts.things, facts.time) == ([Named("boat", Colour.RED)], Time.NIGHT)
    assert facts.setting is not None
