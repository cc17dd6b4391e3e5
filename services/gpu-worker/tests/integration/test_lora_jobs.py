"""LoRAs of jobs: applied to the shared model of the worker, wherever it is placed, and removed without a trace."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import LoraRef
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.placement import place
from gpu_worker.pipelines.sdxl.loras import apply_loras
from gpu_worker.pipelines.text_cache import TextCache
from gpu_worker.runtime.model_cache import AdmittedModel
from support.drawing import Draw, Drawing
from support.lora_files import write_lora

CPU = torch.device("cpu")
MakeLora = Callable[..., LoraUse]


@pytest.fixture
def payload(image_payload: ImagePayload) -> ImagePayload:
    return image_payload.model_copy(update={"prompt": "a boat", "seeds": (11, 12)})


@pytest.fixture
def model(executor: PipelineExecutor, payload: ImagePayload) -> AdmittedModel:
    return executor.models.get(payload.model)


@pytest.fixture
def make_lora(draw: Draw, payload: ImagePayload, model: AdmittedModel, tmp_path: Path) -> Iterator[MakeLora]:
    """Write LoRAs; the model is without one before and after the test."""
    draw(payload).run()

    def make(name: str, seed: int = 1, weight: float = 1.0, **options: Any) -> LoraUse:
        file = tmp_path / f"{name}.safetensors"
        write_lora(file, model.parts, seed, **options)
        content = file.read_bytes()
        return LoraUse(
            name=name, path=file, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content), weight=weight
        )

    yield make
    draw(payload).run()


def drawn(draw: Draw, payload: ImagePayload, *loras: LoraUse) -> Drawing:
    drawing = draw(payload)
    drawing.loras = loras
    drawing.run()
    return drawing


def same(one: Drawing, other: Drawing) -> bool:
    files = [[drawing.files[index].path.read_bytes() for index in sorted(drawing.files)] for drawing in (one, other)]
    return files[0] == files[1]


def test_jobs_with_and_without_loras_take_turns_and_leave_no_trace(
    draw: Draw, payload: ImagePayload, make_lora: MakeLora
) -> None:
    ink, oil = make_lora("ink", 1, 0.8), make_lora("oil", 2)
    plain, first, second = drawn(draw, payload), drawn(draw, payload, ink), drawn(draw, payload, oil)
    assert not np.array_equal(first.pixels(), plain.pixels())
    assert not np.array_equal(second.pixels(), first.pixels())
    assert same(drawn(draw, payload, ink), first)
    both = drawn(draw, payload, ink, oil)
    assert same(drawn(draw, payload, oil), second)
    assert same(drawn(draw, payload), plain)
    assert same(drawn(draw, payload, oil, ink), both) is False  # the recipe names them in the order of the step
    assert np.array_equal(drawn(draw, payload, oil, ink).pixels(), both.pixels())


def test_another_weight_is_another_picture(draw: Draw, payload: ImagePayload, make_lora: MakeLora) -> None:
    ink = make_lora("ink")
    whole, half = drawn(draw, payload, ink), drawn(draw, payload, ink.model_copy(update={"weight": 0.5}))
    assert not np.array_equal(whole.pixels(), half.pixels())
    assert np.array_equal(drawn(draw, payload, ink).pixels(), whole.pixels())


def test_a_lora_of_the_text_encoders_changes_the_text(
    draw: Draw, payload: ImagePayload, make_lora: MakeLora, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    ink = make_lora("ink")
    of_text = {name: tensor for name, tensor in load_file(ink.path).items() if name.startswith("lora_te")}
    save_file(of_text, tmp_path / "text.safetensors")
    text = LoraUse(name="text", path=tmp_path / "text.safetensors", sha256="ab" * 32, size_bytes=1, weight=1.0)
    assert not np.array_equal(drawn(draw, payload, text).pixels(), drawn(draw, payload).pixels())


def test_the_recipe_names_the_loras_and_their_files(draw: Draw, payload: ImagePayload, make_lora: MakeLora) -> None:
    ink = make_lora("ink", weight=0.8)
    tagged = payload.model_copy(
        update={"prompt": "a boat <lora:ink:0.8> <lora:oil:1>", "negative_prompt": "<lora:ink>"}
    )
    recipe = drawn(draw, tagged, ink).files[0].recipe
    assert recipe.loras == (LoraRef(name="ink", weight=0.8, sha256=ink.sha256),)
    assert recipe.text is not None
    assert recipe.text.prompt.loras_not_applied == ("<lora:oil:1>",)
    assert recipe.text.negative_prompt is not None
    assert recipe.text.negative_prompt.loras_not_applied == ("<lora:ink>",)


@pytest.mark.parametrize("placement", [Placement.TEXT_OUT, Placement.TEXT_STREAMED])
def test_loras_give_the_same_bytes_wherever_the_text_encoders_wait(
    draw: Draw, payload: ImagePayload, make_lora: MakeLora, model: AdmittedModel, placement: Placement
) -> None:
    ink, oil = make_lora("ink", 1), make_lora("oil", 2)
    resident = [drawn(draw, payload, ink), drawn(draw, payload, oil), drawn(draw, payload)]

    class Placed:
        """The cache of models, as if the model were placed so."""

        def change(self, _: str, change: Callable[[], None]) -> None:
            try:
                change()
            finally:
                place(model.parts, placement, CPU)

    context = PipelineContext(None, Placed(), None, "tiny", TextCache())  # type: ignore[arg-type]  # applying uses the cache only
    place(model.parts, placement, CPU)
    try:
        for loras, expected in zip(((ink,), (oil,), ()), resident, strict=True):
            apply_loras(model, loras, context)
            assert _waits(model, placement)
            assert np.array_equal(drawn(draw, payload, *loras).pixels(), expected.pixels())
    finally:
        place(model.parts, Placement.RESIDENT, CPU)


def _waits(model: AdmittedModel, placement: Placement) -> bool:
    """Return whether the text encoders wait as the placement has it, and the denoiser is where it computes."""
    is_streamed = model.parts["text_encoder"].device.type == "meta"
    return is_streamed is (placement is Placement.TEXT_STREAMED) and not model.parts["unet"]._hf_hook.offload


def test_a_lora_that_does_not_fit_fails_its_job_only(draw: Draw, payload: ImagePayload, make_lora: MakeLora) -> None:
    ink, wrong = make_lora("ink"), make_lora("sd15", more_inputs=3)
    plain = drawn(draw, payload)
    with pytest.raises(Failure, match="The LoRA 'sd15' does not fit this model") as caught:
        drawn(draw, payload, ink, wrong)
    assert (caught.value.code, caught.value.retryable) == (StepErrorCode.MODEL_UNAVAILABLE, False)
    assert same(drawn(draw, payload), plain)


def test_loras_count_as_weights_of_the_model(
    draw: Draw, executor: PipelineExecutor, payload: ImagePayload, make_lora: MakeLora
) -> None:
    ink = make_lora("ink").model_copy(update={"size_bytes": 1_000_000})
    before = executor.models.used_bytes()
    drawn(draw, payload, ink)
    assert executor.models.used_bytes() == before + 1_000_000
    drawn(draw, payload)
    assert executor.models.used_bytes() == before
