"""The SDXL pipeline as a list of stages."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from darkroom_schemas.payload import ImagePayload

from gpu_worker.domain.prompt.notes import notes_of
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.loading import load_model
from gpu_worker.pipelines.sdxl.decode import decode_images
from gpu_worker.pipelines.sdxl.denoise import denoise_batches, refine_batches
from gpu_worker.pipelines.sdxl.encode import encode_image, read_image
from gpu_worker.pipelines.sdxl.loras import apply_loras
from gpu_worker.pipelines.sdxl.state import SdxlState
from gpu_worker.pipelines.sdxl.upscale import upscale_images
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.pipelines.stage import Stage, StageReport, run_stages
from gpu_worker.runtime.child_link import StepLink


def run_sdxl(
    payload: ImagePayload,
    context: PipelineContext,
    sink: OutputSink,
    link: StepLink,
    loras: tuple[LoraUse, ...] = (),
    inputs: Mapping[str, Path] | None = None,
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Generate one image for each seed and return the seconds that each stage took, and notes about the text.

    `inputs` are the files of the fields that name some.
    """
    state = SdxlState(payload=payload, context=context, sink=sink, loras=loras, inputs=inputs or {})
    timings = run_stages(tuple(_stages(payload)), state, link)
    return timings, notes_of(state.text.read) if state.text else ()


def _stages(payload: ImagePayload) -> Iterator[Stage[SdxlState]]:
    """Yield the stages of a job. The two passes of a hires fix share the time by their pixels and steps."""
    if payload.init_image is not None:
        yield Stage("read", read_image, 0.01, gives=("source",))
    yield Stage("load", _load, 0.02, gives=("model",))
    yield Stage("loras", _apply_loras, 0.01, needs=("model",))
    if payload.init_image is not None:
        yield Stage("encode", encode_image, 0.03, needs=("model", "source"), gives=("starts",))
    first = 1.0
    if payload.hires is not None:
        first = payload.steps * payload.width * payload.height / payload.step_pixels
    yield Stage("denoise", denoise_batches, 0.80 * first, needs=("model",), gives=("batches",))
    if payload.hires is not None:
        yield Stage("upscale", upscale_images, 0.05, needs=("model", "batches"), gives=("first", "starts"))
        yield Stage("refine", refine_batches, 0.80 * (1 - first), needs=("model", "starts"), gives=("batches",))
    yield Stage("decode", decode_images, 0.15, needs=("model", "batches"))
    yield Stage("store", _store, 0.03)


def _load(state: SdxlState, _: StageReport) -> None:
    size = sum(lora.size_bytes for lora in state.loras)
    state.model = load_model(state.context, state.payload, size)


def _apply_loras(state: SdxlState, _: StageReport) -> None:
    apply_loras(state.loaded, state.loras, state.context)


def _store(state: SdxlState, _: StageReport) -> None:
    state.sink.finish()
