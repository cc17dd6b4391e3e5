"""The SDXL pipeline as a list of stages."""

from darkroom_schemas.payload import ImagePayload

from gpu_worker.domain.prompt.notes import notes_of
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.loading import load_model
from gpu_worker.pipelines.sdxl.decode import decode_images
from gpu_worker.pipelines.sdxl.denoise import denoise_batches
from gpu_worker.pipelines.sdxl.loras import apply_loras
from gpu_worker.pipelines.sdxl.state import SdxlState
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.pipelines.stage import Stage, StageReport, run_stages
from gpu_worker.runtime.child_link import StepLink


def run_sdxl(
    payload: ImagePayload,
    context: PipelineContext,
    sink: OutputSink,
    link: StepLink,
    loras: tuple[LoraUse, ...] = (),
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Generate one image for each seed and return the seconds that each stage took, and notes about the text."""
    state = SdxlState(payload, context, sink, loras)
    timings = run_stages(STAGES, state, link)
    return timings, notes_of(state.text.read) if state.text else ()


def _load(state: SdxlState, _: StageReport) -> None:
    size = sum(lora.size_bytes for lora in state.loras)
    state.model = load_model(state.context, state.payload, size)


def _apply_loras(state: SdxlState, _: StageReport) -> None:
    apply_loras(state.loaded, state.loras, state.context)


def _store(state: SdxlState, _: StageReport) -> None:
    state.sink.finish()


STAGES = (
    Stage("load", _load, 0.02, gives=("model",)),
    Stage("loras", _apply_loras, 0.01, needs=("model",)),
    Stage("denoise", denoise_batches, 0.80, needs=("model",), gives=("batches",)),
    Stage("decode", decode_images, 0.15, needs=("model", "batches")),
    Stage("store", _store, 0.03),
)
