"""The WAN pipeline as a list of stages; videos and images differ only in their number of frames."""

from darkroom_schemas.payload import ImagePayload, VideoPayload

from gpu_worker.domain.prompt.notes import notes_of
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.loading import load_model
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.pipelines.stage import Stage, StageReport, run_stages
from gpu_worker.pipelines.wan.decode import decode_seeds
from gpu_worker.pipelines.wan.denoise import denoise_seeds
from gpu_worker.pipelines.wan.state import WanState
from gpu_worker.runtime.child_link import StepLink


def run_wan(
    payload: ImagePayload | VideoPayload, context: PipelineContext, sink: OutputSink, link: StepLink
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Generate one output for each seed and return the seconds that each stage took, and notes about the text."""
    state = WanState(payload=payload, context=context, sink=sink)
    timings = run_stages(STAGES, state, link)
    return timings, notes_of(state.text.read) if state.text else ()


def _load(state: WanState, _: StageReport) -> None:
    state.model = load_model(state.context, state.payload)


def _store(state: WanState, _: StageReport) -> None:
    state.sink.finish()


STAGES = (
    Stage("load", _load, 0.02, gives=("model",)),
    Stage("denoise", denoise_seeds, 0.80, needs=("model",), gives=("latents",)),
    Stage("decode", decode_seeds, 0.12, needs=("model", "latents")),
    Stage("store", _store, 0.06),
)
