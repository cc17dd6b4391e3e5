"""img2img and inpainting on a tiny model: the pictures are those of diffusers' own pipelines."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from darkroom_schemas.inputs import InputFile
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import Recipe
from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.pipelines import noise
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.sdxl.samplers import make_sampler
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from support.drawing import Draw, Drawing

SAMPLERS = ("Euler", "Euler a", "DPM++ 2M Karras", "DDIM", "LCM", "Heun", "UniPC")


def gradient(width: int = 128, height: int = 128) -> Image.Image:
    """Return a picture whose halves, rows and columns differ."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([across, down, 255 - across], axis=-1).astype(np.uint8))


def disc(width: int = 128, height: int = 128) -> Image.Image:
    """Return a mask that is white in the middle."""
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    return Image.fromarray(np.where(across**2 + down**2 < 0.3, 255, 0).astype(np.uint8))


Edit = Callable[..., Drawing]


@pytest.fixture
def edit(draw: Draw, image_payload: ImagePayload, tmp_path: Path) -> Edit:
    """Prepare steps that start from pictures, by the names of their fields."""

    def prepare(stop_when: Any = lambda _: False, *, files: dict[str, Image.Image], **changes: Any) -> Drawing:
        paths = {}
        for name, picture in files.items():
            paths[name] = tmp_path / f"{name}.png"
            picture.save(paths[name])
        fields = {name: InputFile(key=name, mime_type="image/png", size_bytes=1) for name in files}
        drawing = draw(image_payload.model_copy(update={"seeds": (7,), "steps": 4} | fields | changes), stop_when)
        drawing.inputs = paths
        return drawing

    return prepare


@pytest.fixture
def reference(executor: PipelineExecutor) -> Callable[..., NDArray[np.uint8]]:
    """Draw with a pipeline of diffusers on the same parts."""

    def run(kind: str, payload: ImagePayload, **arguments: Any) -> NDArray[np.uint8]:
        import diffusers

        model = executor.models.get(payload.model)
        parts = dict(model.parts)
        parts["scheduler"] = make_sampler(payload.sampler, parts["scheduler"].config)
        pipeline = getattr(diffusers, kind)(**parts, **model.config, add_watermarker=False)
        pipeline.set_progress_bar_config(disable=True)
        images = pipeline(
            prompt=payload.prompt,
            negative_prompt=payload.negative_prompt,
            num_inference_steps=payload.steps,
            guidance_scale=payload.guidance_scale,
            num_images_per_prompt=len(payload.seeds),
            generator=[noise.generator(seed) for seed in payload.seeds],
            **arguments,
        ).images
        return np.stack([np.asarray(image) for image in images])

    return run


Reference = Callable[..., NDArray[np.uint8]]


@pytest.mark.parametrize("strength", [0.3, 0.75, 1.0])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_img2img_draws_what_diffusers_draws(edit: Edit, reference: Reference, sampler: str, strength: float) -> None:
    drawing = edit(files={"init_image": gradient()}, sampler=sampler, denoising_strength=strength)
    drawing.run()
    payload = drawing.payload
    assert isinstance(payload, ImagePayload)
    expected = reference("StableDiffusionXLImg2ImgPipeline", payload, image=gradient(), strength=strength)
    assert np.array_equal(drawing.pixels(0), expected[0])


def test_a_batch_draws_what_diffusers_draws_but_for_rounding(edit: Edit, reference: Reference) -> None:
    drawing = edit(files={"init_image": gradient()}, seeds=(7, 8, 9), denoising_strength=0.5)
    drawing.run()
    expected = reference("StableDiffusionXLImg2ImgPipeline", drawing.payload, image=gradient(), strength=0.5).astype(
        int
    )
    for index in range(3):
        assert np.abs(drawing.pixels(index).astype(int) - expected[index]).max() <= 1
    assert not np.array_equal(drawing.pixels(0), drawing.pixels(1))


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_inpainting_draws_what_diffusers_draws_and_keeps_the_pixels_outside_the_mask(
    edit: Edit, reference: Reference, sampler: str, strength: float
) -> None:
    files = {"init_image": gradient(), "mask_image": disc()}
    drawing = edit(files=files, sampler=sampler, denoising_strength=strength)
    drawing.run()
    soft = disc().filter(ImageFilter.GaussianBlur(4))
    expected = reference(
        "StableDiffusionXLInpaintPipeline",
        drawing.payload,
        image=gradient(),
        mask_image=soft,
        strength=strength,
        width=128,
        height=128,
        masked_image_latents=torch.zeros((1, 4, 16, 16)),  # else it draws noise for them, which this model does not use
    )
    mask, drawn = np.asarray(soft), drawing.pixels(0)
    assert np.array_equal(drawn[mask == 255], expected[0][mask == 255])
    assert np.array_equal(drawn[mask == 0], np.asarray(gradient())[mask == 0])
    edge = (mask > 0) & (mask < 255)
    share = mask[edge][:, None] / 255
    blended = np.asarray(gradient())[edge] * (1 - share) + expected[0][edge] * share
    assert np.abs(drawn[edge] - blended).max() <= 0.501


def test_a_picture_of_another_size_is_scaled_and_cropped_around_its_centre(edit: Edit) -> None:
    wide = Image.new("RGB", (512, 128), "red")
    wide.paste(gradient(), (192, 0))
    cropped, plain = edit(files={"init_image": wide}), edit(files={"init_image": gradient()})
    cropped.run()
    plain.run()
    assert np.array_equal(cropped.pixels(0), plain.pixels(0))


@pytest.mark.parametrize(("strength", "steps"), [(0.0, 1), (0.5, 2), (0.99, 3), (1.0, 4)])
def test_the_strength_is_the_share_of_the_steps_that_run(edit: Edit, strength: float, steps: int) -> None:
    drawing = edit(files={"init_image": gradient()}, denoising_strength=strength)
    drawing.run()
    done = [update for update in drawing.progress if update.message == "denoise"]
    assert (done[-1].current_step, done[-1].total_steps) == (steps, steps)


def test_the_recipe_names_the_files_and_the_strength(edit: Edit) -> None:
    files = {"init_image": gradient(), "mask_image": disc()}
    drawing = edit(files=files, denoising_strength=0.6, mask_blur=2)
    done = drawing.run()
    assert list(done.timings_s) == ["read", "load", "loras", "encode", "denoise", "decode", "store"]
    recipe = Recipe.model_validate_json(drawing.image(0).info["darkroom"])
    assert recipe.init_image is not None
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in drawing.inputs.values()]
    assert [recipe.init_image.init_image, recipe.init_image.mask_image] == digests
    assert (recipe.init_image.denoising_strength, recipe.init_image.mask_blur) == (0.6, 2)
    assert "Denoising strength: 0.6, Mask blur: 2" in drawing.image(0).info["parameters"]


def test_a_picture_is_encoded_in_tiles_where_memory_is_short(edit: Edit, executor: PipelineExecutor) -> None:
    drawing = edit(files={"init_image": gradient()}, width=1024, height=1024)
    vae = executor.models.get(drawing.payload.model).parts["vae"]
    usual = vae.tile_sample_min_size

    def too_much(_module: object, inputs: tuple[Any, ...]) -> None:
        if inputs[0].shape[-1] > 64:
            raise MemoryError

    vae.tile_sample_min_size = 64
    hook = vae.encoder.register_forward_pre_hook(too_much)
    try:
        drawing.run()
    finally:
        hook.remove()
        vae.tile_sample_min_size = usual
    recipe = drawing.files[0].recipe
    assert recipe.init_image is not None
    assert recipe.init_image.tiled
    assert not recipe.tiled
    assert not vae.use_tiling


def test_a_stop_while_a_picture_is_drawn_over_takes_effect(edit: Edit) -> None:
    drawing = edit(lambda update: update.message == "denoise", files={"init_image": gradient()})
    with pytest.raises(Stopped):
        drawing.run()
    assert drawing.files == {}


def test_a_file_that_is_no_image_is_refused_before_a_model_is_loaded(edit: Edit) -> None:
    drawing = edit(files={"init_image": gradient()})
    drawing.inputs["init_image"].write_bytes(b"<html>")
    with pytest.raises(Failure, match="init_image: must be a complete image"):
        drawing.run()
    assert {update.message for update in drawing.progress} == {"read"}
