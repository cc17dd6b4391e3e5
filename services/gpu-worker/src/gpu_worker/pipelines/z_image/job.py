"""The Z-Image pipeline as a list of stages."""

from darkroom_schemas.payload import ImagePayload

from gpu_worker.domain.prompt.notes import notes_of
from gpu_worker.pipelines.family import Finished, Work
from gpu_worker.pipelines.loading import load_model
from gpu_worker.pipelines.stage import Stage, StageReport, run_stages
from gpu_worker.pipelines.z_image.decode import decode_images
from gpu_worker.pipelines.z_image.denoise import denoise_batches
from gpu_worker.pipelines.z_image.encode import encode_prompts
from gpu_worker.pipelines.z_image.state import ZImageState


def run_z_image(work: Work[ImagePayload]) -> Finished:
    """Generate one image for each seed."""
    state = ZImageState(payload=work.payload, context=work.context, sink=work.open_sink(work.payload.max_bytes))
    timings = run_stages(STAGES, state, work.link)
    return Finished(timings, notes_of(state.encoded.read))


def _load(state: ZImageState, _: StageReport) -> None:
    state.model = load_model(state.context, state.payload)


def _store(state: ZImageState, _: StageReport) -> None:
    state.sink.finish()


STAGES = (
    Stage("load", _load, 0.02, gives=("model",)),
    Stage("encode", encode_prompts, 0.03, needs=("model",), gives=("text",)),
    Stage("denoise", denoise_batches, 0.77, needs=("model", "text"), gives=("batches",)),
    Stage("decode", decode_images, 0.15, needs=("model", "batches")),
    Stage("store", _store, 0.03),
)
