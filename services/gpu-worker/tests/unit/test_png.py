"""PNG files: lossless, with their recipe in them, and within the limits of their bucket."""

import io

import numpy as np
import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import Recipe
from gpu_worker.domain.failures import Failure
from gpu_worker.outputs import png
from gpu_worker.outputs.png import encode_png
from gpu_worker.outputs.thumbnail import encode_thumbnail
from numpy.typing import NDArray
from PIL import Image

ROOMY = 5_000_000


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.uint8]:
    """A smooth picture with some grain, so that harder compression pays."""
    across, down = np.meshgrid(np.arange(320), np.arange(200))
    grain = np.random.default_rng(1).integers(0, 3, (200, 320))
    return np.stack([across // 2 + grain, down + grain, (across + down) // 3], axis=-1).astype(np.uint8)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("has_fpng", [True, False])
def test_the_picture_is_stored_without_loss_by_either_encoder(
    pixels: NDArray[np.uint8], recipe: Recipe, monkeypatch: pytest.MonkeyPatch, has_fpng: bool
) -> None:
    monkeypatch.setattr(png, "_HAS_FPNG", has_fpng)
    image = opened(encode_png(pixels, recipe, ROOMY))
    assert np.array_equal(np.asarray(image), pixels)


def test_the_recipe_is_readable_from_the_file(pixels: NDArray[np.uint8], recipe: Recipe) -> None:
    image = opened(encode_png(pixels, recipe, ROOMY))
    assert isinstance(image.info, dict)
    assert Recipe.model_validate_json(image.info["darkroom"]) == recipe


@pytest.mark.parametrize(("prompt", "chunk"), [("a café at dawn", b"tEXt"), ("灯塔", b"iTXt")])
def test_text_of_latin_1_is_in_the_chunk_that_more_programs_read(
    pixels: NDArray[np.uint8], recipe: Recipe, prompt: str, chunk: bytes
) -> None:
    data = encode_png(pixels, recipe.model_copy(update={"prompt": prompt}), ROOMY)
    assert chunk + b"parameters\0" in data
    assert opened(data).info["parameters"].startswith(prompt)


def test_the_parameters_read_as_other_tools_write_them(pixels: NDArray[np.uint8], recipe: Recipe) -> None:
    lines = opened(encode_png(pixels, recipe, ROOMY)).info["parameters"].split("\n")
    assert lines == [
        "a lighthouse at dawn, 灯塔",
        "Negative prompt: blurry",
        "Steps: 25, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 18446744073709551615, Size: 64x48, "
        "Model hash: ababababab, Model: sdxl-base-1.0, RNG: CPU, Version: darkroom 0.1.0",
    ]


def test_a_clip_skip_that_was_chosen_is_among_the_parameters(pixels: NDArray[np.uint8], recipe: Recipe) -> None:
    assert recipe.text is not None
    skipping = recipe.model_copy(update={"text": recipe.text.model_copy(update={"clip_skip": 2})})
    assert "Size: 64x48, Clip skip: 2, Model" in opened(encode_png(pixels, skipping, ROOMY)).info["parameters"]


def test_a_file_over_the_limit_is_compressed_harder(pixels: NDArray[np.uint8], recipe: Recipe) -> None:
    fast = len(encode_png(pixels, recipe, ROOMY))
    limit = fast - 1
    data = encode_png(pixels, recipe, limit)
    assert len(data) <= limit
    assert np.array_equal(np.asarray(opened(data)), pixels)


def test_a_file_that_no_compression_gets_under_the_limit_fails_for_good(
    pixels: NDArray[np.uint8], recipe: Recipe
) -> None:
    with pytest.raises(Failure) as caught:
        encode_png(pixels, recipe, 1000)
    assert caught.value.code is StepErrorCode.OUTPUT_TOO_LARGE
    assert not caught.value.retryable


def test_a_thumbnail_keeps_the_shape_of_the_picture() -> None:
    image = opened(encode_thumbnail(np.zeros((832, 480, 3), np.uint8)))
    assert image.format == "WEBP"
    assert image.size == (222, 384)
