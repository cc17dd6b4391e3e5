"""The real decoders when memory is short: other models make room, then tiles, and the recipe says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import AnyPayload, ImagePayload, PromptPayload, VideoPayload
from gpu_worker.domain.failures import Failure
from gpu_worker.pipelines.executor import PipelineExecutor
from support.drawing import Draw


@contextmanager
def short_memory(module: torch.nn.Module, refuses: Callable[[torch.Tensor], bool]) -> Iterator[None]:
    """Let a module run out of memory for the inputs that `refuses` names."""

    def refuse(_module: object, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
        if refuses(next(value for value in (*inputs, *options.values()) if isinstance(value, torch.Tensor))):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 8.00 GiB. GPU 0 has a total capacity "
                                         "of 24.00 GiB of which 3.00 GiB is free.")  # fmt: skip

    hook = module.register_forward_pre_hook(refuse, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()


@pytest.fixture
def orders(
    image_payload: ImagePayload, still_payload: ImagePayload, z_image_payload: ImagePayload
) -> dict[str, ImagePayload]:
    seeds = {"seeds": (1, 2)}
    return {
        "sdxl": image_payload.model_copy(update=seeds),
        "wan": still_payload,
        "z_image": z_image_payload.model_copy(update=seeds),
    }


@pytest.mark.parametrize("family", ["sdxl", "wan", "z_image"])
def test_other_models_make_room_and_the_bytes_stay_the_same(
    draw: Draw, executor: PipelineExecutor, orders: dict[str, ImagePayload], prompt_payload: PromptPayload, family: str
) -> None:
    plain, short = draw(orders[family]), draw(orders[family])
    plain.run()
    executor.models.get(prompt_payload.model)
    name = orders[family].model
    vae = executor.models.get(name).parts["vae"]
    with short_memory(vae.decoder, lambda _: len(executor.models.names()) > 1):
        short.run()
    assert executor.models.names() == (name,)
    assert [file.path.read_bytes() for _, file in sorted(short.files.items())] == [
        file.path.read_bytes() for _, file in sorted(plain.files.items())
    ]


@pytest.mark.parametrize("family", ["sdxl", "wan", "z_image"])
def test_what_does_not_fit_whole_is_decoded_in_tiles_for_this_step_only(
    draw: Draw,
    executor: PipelineExecutor,
    orders: dict[str, ImagePayload],
    family: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tiled, after = draw(orders[family]), draw(orders[family])
    vae = executor.models.get(orders[family].model).parts["vae"]
    if family != "wan":
        monkeypatch.setattr(vae, "tile_latent_min_size", 8)
        monkeypatch.setattr(vae, "tile_sample_min_size", 64)
    else:
        for side in ("height", "width"):
            monkeypatch.setattr(vae, f"tile_sample_min_{side}", 64)
            monkeypatch.setattr(vae, f"tile_sample_stride_{side}", 48)
    with short_memory(vae.decoder, lambda latents: latents.shape[-1] > 8):
        tiled.run()
    after.run()
    assert all(file.recipe.tiled for file in tiled.files.values())
    assert not any(file.recipe.tiled for file in after.files.values())
    assert not vae.use_tiling
    assert tiled.pixels().std() > 1


def test_what_does_not_fit_in_tiles_fails_with_the_numbers(
    draw: Draw, executor: PipelineExecutor, image_payload: ImagePayload
) -> None:
    drawing = draw(image_payload)
    vae = executor.models.get(image_payload.model).parts["vae"]
    with (
        short_memory(vae.decoder, lambda _: True),
        pytest.raises(Failure, match="8589934592 bytes needed, 3221225472 bytes free") as caught,
    ):
        drawing.run()
    assert (caught.value.code, caught.value.retryable) == (StepErrorCode.OUT_OF_MEMORY, True)
    assert not vae.use_tiling


@pytest.mark.parametrize("family", ["wan", "qwen"])
def test_work_without_a_batch_is_tried_again_with_more_room(
    draw: Draw,
    executor: PipelineExecutor,
    video_payload: VideoPayload,
    prompt_payload: PromptPayload,
    image_payload: ImagePayload,
    family: str,
) -> None:
    payload: AnyPayload = video_payload if family == "wan" else prompt_payload
    executor.models.get(image_payload.model)
    parts = executor.models.get(payload.model).parts
    module = parts["transformer"] if family == "wan" else parts["model"].get_decoder()
    with short_memory(module, lambda _: len(executor.models.names()) > 1):
        draw(payload).run()
    assert executor.models.names() == (payload.model,)


def test_a_load_that_runs_out_of_memory_is_tried_again_without_the_others(
    draw: Draw,
    executor: PipelineExecutor,
    image_payload: ImagePayload,
    prompt_payload: PromptPayload,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor.models.get(image_payload.model)
    executor.models.evict_others(image_payload.model)
    usual = torch.nn.Module.to

    def refuse(module: torch.nn.Module, *args: object, **options: object) -> torch.nn.Module:
        if executor.models.names():
            raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")
        return usual(module, *args, **options)  # type: ignore[call-overload,no-any-return]  # as torch's own

    monkeypatch.setattr(torch.nn.Module, "to", refuse)
    assert draw(prompt_payload).run().text
    assert executor.models.names() == (prompt_payload.model,)
