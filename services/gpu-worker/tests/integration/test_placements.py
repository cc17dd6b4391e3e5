"""Where a model's components wait does not change its output; the planner's decisions reach the pipelines."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.image_to_image import Hires, Upscaler
from darkroom_schemas.payload import AnyPayload, ImagePayload, VideoPayload
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.memory.card import CUDA, Card
from gpu_worker.domain.memory.footprint import Component, Shape, StageName
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.profile import Profile
from gpu_worker.pipelines import parking
from gpu_worker.pipelines.context import LoadContext
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.placement import clear_text, component_weights, components, place
from gpu_worker.pipelines.sdxl.load import load_sdxl
from gpu_worker.runtime.device import choose_device, weights_bytes
from gpu_worker.runtime.model_cache import AdmittedModel
from support.drawing import Draw

CPU = torch.device("cpu")
MOVING = (Placement.TEXT_OUT, Placement.TEXT_STREAMED)


def loaded(executor: PipelineExecutor, payload: AnyPayload) -> AdmittedModel:
    return executor.models.get(payload.model)


@contextmanager
def placed(model: AdmittedModel, placement: Placement) -> Iterator[None]:
    place(model.parts, placement, CPU)
    try:
        yield
    finally:
        place(model.parts, Placement.RESIDENT, CPU)


@pytest.mark.parametrize("placement", MOVING)
def test_wan_gives_the_same_bytes_wherever_its_text_encoder_waits(
    draw: Draw, executor: PipelineExecutor, still_payload: ImagePayload, placement: Placement
) -> None:
    resident = draw(still_payload)
    resident.run()
    with placed(loaded(executor, still_payload), placement):
        moved = draw(still_payload)
        moved.run()
    assert np.array_equal(moved.pixels(), resident.pixels())


@pytest.mark.parametrize("placement", MOVING)
def test_z_image_gives_the_same_bytes_wherever_its_text_encoder_waits(
    draw: Draw, executor: PipelineExecutor, z_image_payload: ImagePayload, placement: Placement
) -> None:
    one = z_image_payload.model_copy(update={"seeds": (11,), "prompt": f"a text for {placement} alone"})
    with placed(loaded(executor, one), placement):
        moved = draw(one)
        moved.run()
    resident = draw(one)
    resident.run()
    assert np.array_equal(moved.pixels(), resident.pixels())


@pytest.mark.parametrize("placement", MOVING)
def test_sdxl_gives_the_same_bytes_wherever_its_text_encoders_wait(
    draw: Draw, executor: PipelineExecutor, image_payload: ImagePayload, placement: Placement
) -> None:
    one = image_payload.model_copy(update={"seeds": (11,)})
    resident = draw(one)
    resident.run()
    with placed(loaded(executor, one), placement):
        moved = draw(one)
        moved.run()
    assert np.array_equal(moved.pixels(), resident.pixels())


def sdxl() -> dict[str, torch.nn.Linear]:
    """Return stand-ins of SDXL's components."""
    return {name: torch.nn.Linear(2, 2) for name in ("text_encoder", "text_encoder_2", "unet", "vae")}


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """Note what is copied to the device. The CPU stands for it, so a copy is made where torch would make none."""
    made: list[torch.Tensor] = []

    def copy(values: torch.Tensor, _: torch.device) -> torch.Tensor:
        made.append(values)
        return values.clone()

    monkeypatch.setattr(parking, "_copy", copy)
    return made


def places(module: torch.nn.Module) -> list[int]:
    return [parameter.data_ptr() for parameter in module.parameters()]


def test_text_encoders_come_when_called_and_leave_when_the_denoiser_is_called(copies: list[torch.Tensor]) -> None:
    parts = sdxl()
    encoders = (parts["text_encoder"], parts["text_encoder_2"])
    place(parts, Placement.TEXT_OUT, CPU)
    waiting = [places(encoder) for encoder in encoders]
    for encoder in encoders:
        encoder(torch.zeros(1, 2))
    assert [tensor.data_ptr() for tensor in copies] == [*waiting[0], *waiting[1]]
    assert all(at not in waiting[0] for at in places(encoders[0])), "it computes with the copies"
    parts["unet"](torch.zeros(1, 2))
    assert [places(encoder) for encoder in encoders] == waiting, "leaving copies nothing back"
    encoders[0](torch.zeros(1, 2))
    encoders[0](torch.zeros(1, 2))
    assert len(copies) == 6, "weights that are there are not copied again"


def test_weights_that_a_lora_adds_travel_with_their_module(copies: list[torch.Tensor]) -> None:
    parts = sdxl()
    encoder = parts["text_encoder"]
    place(parts, Placement.TEXT_OUT, CPU)
    encoder(torch.zeros(1, 2))
    encoder.register_parameter("lora", torch.nn.Parameter(torch.ones(2)))
    clear_text(parts)
    encoder(torch.zeros(1, 2))
    assert len(copies) == 2 + 3
    assert torch.equal(encoder.get_parameter("lora"), torch.ones(2))


def test_a_step_that_ends_before_its_denoiser_leaves_no_text_encoder_on_the_device(copies: list[torch.Tensor]) -> None:
    parts = sdxl()
    place(parts, Placement.TEXT_OUT, CPU)
    waiting = places(parts["text_encoder"])
    parts["text_encoder"](torch.zeros(1, 2))
    clear_text(parts)
    assert places(parts["text_encoder"]) == waiting
    assert len(copies) == 2


def test_another_placement_forgets_all_hooks_of_the_one_before(copies: list[torch.Tensor]) -> None:
    parts = sdxl()
    place(parts, Placement.TEXT_OUT, CPU)
    parts["text_encoder"](torch.zeros(1, 2))
    place(parts, Placement.RESIDENT, CPU)
    assert not any(hasattr(part, "_hf_hook") for part in parts.values())
    assert not any(part._forward_pre_hooks for part in parts.values())
    parts["text_encoder"](torch.zeros(1, 2))
    assert len(copies) == 2
    clear_text(parts)


def test_the_components_of_a_model_are_those_that_have_weights(
    executor: PipelineExecutor, image_payload: ImagePayload
) -> None:
    assert set(components(loaded(executor, image_payload).parts)) == {
        Component.TEXT_ENCODER,
        Component.TEXT_ENCODER_2,
        Component.UNET,
        Component.VAE,
    }


@pytest.mark.parametrize("placement", MOVING)
@pytest.mark.parametrize("family", ["StableDiffusionXLPipeline", "WanPipeline"])
def test_a_pipeline_computes_where_its_other_components_are(
    executor: PipelineExecutor, image_payload: ImagePayload, still_payload: ImagePayload, family: str,
    placement: Placement,
) -> None:  # fmt: skip
    """The meta device stands for a GPU: the pipeline must not follow its text encoder to the CPU."""
    import diffusers

    payload = image_payload if family == "StableDiffusionXLPipeline" else still_payload
    parts = copy.deepcopy(dict(loaded(executor, payload).parts))
    place(parts, placement, torch.device("meta"))
    pipeline = getattr(diffusers, family)(**parts)
    assert pipeline._execution_device == torch.device("meta")


def test_weights_are_counted_by_component(executor: PipelineExecutor, video_payload: VideoPayload) -> None:
    parts = loaded(executor, video_payload).parts
    assert sum(component_weights(parts).values()) == weights_bytes(*parts.values())


def test_a_plan_with_tiles_and_small_batches_is_what_runs(
    draw: Draw, executor: PipelineExecutor, image_payload: ImagePayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = executor.models.get

    def planned(name: str, shapes: Mapping[StageName, Shape] | None = None, added_bytes: int = 0) -> AdmittedModel:
        model = usual(name, shapes, added_bytes)
        return replace(model, plan=replace(model.plan, batch=4, tiled=True))

    monkeypatch.setattr(executor.models, "get", planned)
    drawing = draw(image_payload)
    drawing.run()
    assert [file.recipe.batch_shape[0] for _, file in sorted(drawing.files.items())] == [4, 4, 4, 4, 2, 2]
    vae = loaded(executor, image_payload).parts["vae"]
    assert vae.use_tiling
    monkeypatch.undo()
    draw(image_payload.model_copy(update={"seeds": (11,)})).run()
    assert not vae.use_tiling


def test_a_step_on_a_full_card_is_refused_with_the_numbers(
    draw: Draw, executor: PipelineExecutor, video_payload: VideoPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = replace(executor.models._memory, card=lambda _: Card(CUDA, "card", 10**9, 10**6))
    monkeypatch.setattr(executor.models, "_memory", full)
    with pytest.raises(Failure, match=r"too little GPU memory to .*: 1\.\d GB needed, 0\.0 GB free") as caught:
        draw(video_payload).run()
    assert caught.value.code is StepErrorCode.OUT_OF_MEMORY


def test_an_offloaded_model_has_previews_too(
    executor: PipelineExecutor, tiny: Profile, models_dir: Path, image_payload: ImagePayload
) -> None:
    """Its colour map is fitted in main memory before the components are placed."""
    name = image_payload.model
    context = LoadContext(choose_device(("cpu",), None), models_dir)
    offloaded = load_sdxl(name, tiny.models[name], Placement.OFFLOADED, context)
    assert np.allclose(offloaded.colours, executor.models.get(name).colours)
    assert offloaded.parts["vae"].dtype is torch.float32


@pytest.mark.parametrize("placement", MOVING)
@pytest.mark.parametrize("upscaler", ["latent", "lanczos"])
def test_two_passes_give_the_same_bytes_wherever_the_text_encoders_wait(
    draw: Draw, executor: PipelineExecutor, image_payload: ImagePayload, placement: Placement, upscaler: Upscaler
) -> None:
    hires = Hires(scale=1.5, upscaler=upscaler)
    one = image_payload.model_copy(update={"seeds": (11,), "hires": hires, "prompt": f"{placement} and {upscaler}"})
    with placed(loaded(executor, one), placement):
        moved = draw(one)
        moved.run()
    resident = draw(one)
    resident.run()
    assert np.array_equal(moved.pixels(), resident.pixels())
