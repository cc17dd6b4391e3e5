"""Numbers that overflow never become a black picture: they are decoded again, or the step fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.image_to_image import Hires
from darkroom_schemas.payload import ImagePayload
from gpu_worker.domain.failures import Failure
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.finite import is_finite
from support.drawing import Draw


@contextmanager
def overflow(module: torch.nn.Module, *, only_in: torch.dtype | None = None) -> Iterator[None]:
    """Put one NaN into what the module computes; `only_in` limits that to one number format."""

    def spoil(module: torch.nn.Module, _inputs: object, output: object) -> None:
        tensor = output[0] if isinstance(output, tuple) else getattr(output, "sample", output)
        assert isinstance(tensor, torch.Tensor)
        if only_in is None or tensor.dtype is only_in:
            tensor[(-1,) * tensor.dim()] = torch.nan

    hook = module.register_forward_hook(spoil)
    try:
        yield
    finally:
        hook.remove()


@pytest.fixture
def half_vae(executor: PipelineExecutor, image_payload: ImagePayload) -> Iterator[Any]:  # untyped in diffusers
    """The decoder of SDXL in half precision, as on a GPU."""
    vae = executor.models.get(image_payload.model).parts["vae"]
    vae.to(torch.bfloat16)
    yield vae
    vae.to(torch.float32)


@pytest.mark.parametrize("number", [torch.nan, torch.inf, -torch.inf])
def test_one_number_is_found_wherever_it_is(number: float) -> None:
    tensor = torch.zeros(3, 64, 64)
    assert is_finite(tensor)
    tensor[2, 63, 63] = number
    assert not is_finite(tensor)
    assert not is_finite(tensor.half())


def test_latents_that_are_not_finite_fail_the_step(
    draw: Draw, executor: PipelineExecutor, image_payload: ImagePayload
) -> None:
    drawing = draw(image_payload)
    with (
        overflow(executor.models.get(image_payload.model).parts["unet"]),
        pytest.raises(Failure, match="latents contain NaN") as caught,
    ):
        drawing.run()
    assert caught.value.code is StepErrorCode.NOT_FINITE
    assert caught.value.retryable
    assert drawing.files == {}


@pytest.mark.parametrize("part", ["transformer", "decoder"])
def test_a_picture_of_z_image_that_is_not_finite_fails_the_step(
    draw: Draw, executor: PipelineExecutor, z_image_payload: ImagePayload, part: str
) -> None:
    parts = executor.models.get(z_image_payload.model).parts
    module = parts["transformer"].all_x_embedder["2-1"] if part == "transformer" else parts["vae"].decoder
    drawing = draw(z_image_payload)
    with overflow(module), pytest.raises(Failure, match="contain NaN") as caught:
        drawing.run()
    assert caught.value.code is StepErrorCode.NOT_FINITE
    assert drawing.files == {}


def test_a_picture_that_overflows_in_half_precision_is_decoded_again_in_float32(
    draw: Draw, half_vae: Any, image_payload: ImagePayload
) -> None:
    payload = image_payload.model_copy(update={"seeds": (1, 2)})
    before, spoiled, after = draw(payload), draw(payload), draw(payload)
    before.run()
    with overflow(half_vae.decoder, only_in=torch.bfloat16):
        spoiled.run()
    after.run()
    for index in range(2):
        assert before.files[index].recipe.decode_dtype == after.files[index].recipe.decode_dtype == "bfloat16"
        assert spoiled.files[index].recipe.decode_dtype == "float32"
        assert before.files[index].path.read_bytes() == after.files[index].path.read_bytes()
        # Half precision differs by a few steps of brightness.
        assert np.abs(spoiled.pixels(index).astype(int) - before.pixels(index).astype(int)).max() < 16


def test_a_picture_that_overflows_in_float32_too_fails_the_step(
    draw: Draw, half_vae: Any, image_payload: ImagePayload
) -> None:
    drawing = draw(image_payload)
    with overflow(half_vae.decoder), pytest.raises(Failure, match="pixels contain NaN") as caught:
        drawing.run()
    assert caught.value.code is StepErrorCode.NOT_FINITE
    assert half_vae.dtype is torch.bfloat16
    assert drawing.files == {}


@pytest.mark.parametrize("part", ["transformer", "decoder"])
def test_a_video_that_is_not_finite_fails_the_step(
    draw: Draw, executor: PipelineExecutor, still_payload: ImagePayload, part: str
) -> None:
    parts = executor.models.get(still_payload.model).parts
    module = parts["transformer"] if part == "transformer" else parts["vae"].decoder
    drawing = draw(still_payload)
    with overflow(module), pytest.raises(Failure, match="contain NaN") as caught:
        drawing.run()
    assert caught.value.code is StepErrorCode.NOT_FINITE
    assert drawing.files == {}
    again = draw(still_payload)
    again.run()
    assert again.pixels().std() > 1


def test_a_picture_that_overflows_when_it_is_encoded_is_encoded_again_in_float32_or_fails_the_step(
    draw: Draw, half_vae: Any, image_payload: ImagePayload
) -> None:
    hires = Hires(scale=1.5, upscaler="lanczos")
    payload = image_payload.model_copy(update={"seeds": (1,), "hires": hires})
    spoiled, hopeless = draw(payload), draw(payload)
    with overflow(half_vae.encoder, only_in=torch.bfloat16):
        spoiled.run()
    assert half_vae.dtype is torch.bfloat16
    assert spoiled.pixels().std() > 1
    with overflow(half_vae.encoder), pytest.raises(Failure, match="encoded picture's numbers contain NaN") as caught:
        hopeless.run()
    assert caught.value.code is StepErrorCode.NOT_FINITE
    assert hopeless.files == {}
