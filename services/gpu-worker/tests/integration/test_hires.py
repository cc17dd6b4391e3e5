"""The hires fix on a tiny model: two passes, which draw what diffusers' own pipelines draw one after the other."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from darkroom_schemas.image_to_image import Hires
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import Recipe
from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.pipelines import noise
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.sdxl.samplers import make_sampler
from PIL import Image
from support.drawing import Draw


@pytest.fixture
def hires_payload(image_payload: ImagePayload) -> ImagePayload:
    return image_payload.model_copy(update={"seeds": (7, 8), "hires": Hires(scale=1.5, denoising_strength=0.6)})


@pytest.fixture
def passes(executor: PipelineExecutor) -> Callable[..., Any]:
    """Draw one seed with a pipeline of diffusers on the same parts."""

    def run(kind: str, payload: ImagePayload, **arguments: Any) -> Any:
        import diffusers

        model = executor.models.get(payload.model)
        parts = dict(model.parts)
        parts["scheduler"] = make_sampler(payload.sampler, parts["scheduler"].config)
        pipeline = getattr(diffusers, kind)(**parts, **model.config, add_watermarker=False)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline(
            prompt=payload.prompt,
            negative_prompt=payload.negative_prompt,
            num_inference_steps=4,
            guidance_scale=payload.guidance_scale,
            generator=[noise.generator(payload.seeds[0])],
            **arguments,
        ).images

    return run


@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "DPM++ 2M Karras", "DDIM", "LCM"])
def test_pixels_are_enlarged_and_drawn_over_as_with_diffusers(
    draw: Draw, hires_payload: ImagePayload, passes: Callable[..., Any], sampler: str
) -> None:
    hires = Hires(scale=1.5, denoising_strength=0.6, upscaler="lanczos")
    payload = hires_payload.model_copy(update={"seeds": (7,), "sampler": sampler, "hires": hires})
    drawing = draw(payload)
    drawing.run()
    (first,) = passes("StableDiffusionXLPipeline", payload, width=128, height=128)
    larger = first.resize((192, 192), Image.Resampling.LANCZOS)
    (second,) = passes("StableDiffusionXLImg2ImgPipeline", payload, image=larger, strength=0.6)
    assert np.array_equal(drawing.pixels(0), np.asarray(second))


def test_latents_are_enlarged_and_drawn_over_as_with_diffusers(
    draw: Draw, hires_payload: ImagePayload, passes: Callable[..., Any]
) -> None:
    payload = hires_payload.model_copy(update={"seeds": (7,)})
    drawing = draw(payload)
    drawing.run()
    latents = passes("StableDiffusionXLPipeline", payload, width=128, height=128, output_type="latent")
    larger = torch.nn.functional.interpolate(latents, size=(24, 24), mode="bilinear")
    (second,) = passes("StableDiffusionXLImg2ImgPipeline", payload, image=larger, strength=0.6)
    assert np.array_equal(drawing.pixels(0), np.asarray(second))


def test_progress_rises_over_both_passes_and_the_recipe_names_them(draw: Draw, hires_payload: ImagePayload) -> None:
    drawing = draw(hires_payload)
    done = drawing.run()
    assert list(done.timings_s) == ["load", "loras", "denoise", "upscale", "refine", "decode", "store"]
    percents = [update.percent for update in drawing.progress]
    assert all(earlier <= later for earlier, later in pairwise(percents))
    assert max(update.percent for update in drawing.progress if update.message == "denoise") < 60
    assert [update.total_steps for update in drawing.progress if update.message == "refine"][-1] == 2 * 2
    recipe = Recipe.model_validate_json(drawing.image(1).info["darkroom"])
    assert drawing.image(1).size == (drawing.files[1].width, drawing.files[1].height) == (192, 192)
    assert (recipe.width, recipe.height, recipe.batch_shape, recipe.batch_index) == (192, 192, (2, 4, 24, 24), 1)
    assert recipe.hires is not None
    assert (recipe.hires.width, recipe.hires.height, recipe.hires.batch_shape) == (128, 128, (2, 4, 16, 16))
    assert (recipe.hires.upscaler, recipe.hires.denoising_strength, recipe.hires.steps) == ("latent", 0.6, 4)
    parameters = drawing.image(1).info["parameters"]
    assert "Size: 128x128" in parameters
    assert "Denoising strength: 0.6, Hires upscale: 1.5, Hires upscaler: Latent, Hires steps: 4" in parameters


def test_previews_are_drawn_in_both_passes(
    draw: Draw, hires_payload: ImagePayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu_worker.pipelines.preview.MIN_INTERVAL_S", 0.0)
    drawing = draw(hires_payload)
    drawing.run()
    assert {update.message for update in drawing.progress if update.preview is not None} == {"denoise", "refine"}


@pytest.mark.parametrize("stage", ["denoise", "upscale", "refine"])
def test_a_stop_takes_effect_in_each_pass(draw: Draw, hires_payload: ImagePayload, stage: str) -> None:
    drawing = draw(hires_payload, stop_when=lambda update: update.message == stage)
    with pytest.raises(Stopped):
        drawing.run()
    assert drawing.files == {}


@pytest.fixture
def little_memory(executor: PipelineExecutor, hires_payload: ImagePayload) -> Iterator[None]:
    """Let the UNet run out of memory with more than one picture of the second pass."""

    def too_much(_module: object, inputs: tuple[Any, ...]) -> None:
        if inputs[0].shape[0] * inputs[0].shape[-1] > 2 * 24:  # guidance doubles the batch
            raise MemoryError

    hook = executor.models.get(hires_payload.model).parts["unet"].register_forward_pre_hook(too_much)
    yield
    hook.remove()


@pytest.mark.usefixtures("little_memory")
def test_where_memory_is_short_each_pass_has_batches_that_fit(draw: Draw, hires_payload: ImagePayload) -> None:
    drawing = draw(hires_payload.model_copy(update={"seeds": (7, 8, 9)}))
    drawing.run()
    for index in range(3):
        recipe = drawing.files[index].recipe
        assert recipe.hires is not None
        assert (recipe.batch_shape, recipe.seed) == ((1, 4, 24, 24), 7 + index)
        assert recipe.hires.batch_shape[0] < 3


def test_a_second_pass_that_does_not_fit_fails_for_memory(
    draw: Draw, hires_payload: ImagePayload, executor: PipelineExecutor
) -> None:
    def too_much(_module: object, inputs: tuple[Any, ...]) -> None:
        if inputs[0].shape[-1] > 16:
            raise MemoryError

    hook = executor.models.get(hires_payload.model).parts["unet"].register_forward_pre_hook(too_much)
    try:
        with pytest.raises(Failure, match="too little memory for one output of this size"):
            draw(hires_payload).run()
    finally:
        hook.remove()
