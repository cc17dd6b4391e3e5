"""Declares the family SDXL."""

from pathlib import Path
from typing import TYPE_CHECKING

from darkroom_schemas.payload import AnyPayload, ImagePayload

from gpu_worker.domain.checkpoints.kind import CheckpointKind
from gpu_worker.domain.memory.footprint import Footprint, Shape, StageName
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.family import PipelineFolder, Shapes, drawing
from gpu_worker.pipelines.family import Finished, PipelineFamily, Work

if TYPE_CHECKING:
    from gpu_worker.models.registry import ModelEntry
    from gpu_worker.pipelines.context import LoadContext
    from gpu_worker.runtime.model_cache import LoadedModel

_TEXT_TOKENS = 16 * 77
"""Sixteen chunks of CLIP's 77 tokens, positive and negative prompt together."""


def _shapes(payload: AnyPayload) -> Shapes:
    asked = drawing(payload)
    width, height = asked.final_size if isinstance(asked, ImagePayload) else (asked.width, asked.height)
    pixels = width * height
    shapes = {
        StageName.ENCODE: Shape(_TEXT_TOKENS),
        StageName.DENOISE: Shape(pixels, batch=len(asked.seeds)),
        StageName.DECODE: Shape(pixels),
    }
    if isinstance(asked, ImagePayload) and _encodes(asked):
        shapes[StageName.ENCODE_IMAGE] = Shape(pixels)
    return shapes


def _encodes(payload: ImagePayload) -> bool:
    """Return whether a picture is encoded: the one to start from, or the one between two passes."""
    return payload.init_image is not None or (payload.hires is not None and payload.hires.upscaler != "latent")


def _load(name: str, entry: "ModelEntry", placement: Placement, context: "LoadContext") -> "LoadedModel":
    from gpu_worker.pipelines.sdxl.load import load_sdxl

    return load_sdxl(name, entry, placement, context)


def _run(work: Work[ImagePayload]) -> Finished:
    from gpu_worker.pipelines.sdxl.job import run_sdxl

    sink = work.open_sink(work.payload.max_bytes)
    return Finished(*run_sdxl(work.payload, work.context, sink, work.link, work.loras, work.inputs))


def _build_tiny(folder: Path) -> None:
    from gpu_worker.pipelines.sdxl.tiny import build_sdxl

    build_sdxl(folder)


def _measure() -> Footprint:
    from gpu_worker.pipelines.sdxl.footprint import measure_sdxl

    return measure_sdxl()


SDXL = PipelineFamily(
    name="sdxl",
    serves=("sdxl",),
    folder=PipelineFolder("StableDiffusionXLPipeline", ("unet", "vae", "text_encoder", "text_encoder_2")),
    checkpoint=CheckpointKind.SDXL,
    architecture="sdxl",
    float32_vae="own",
    usable_defaults=frozenset(
        {"negative_prompt", "steps", "guidance_scale", "sampler", "clip_skip", "timestep_spacing", "prediction_type"}
    ),
    stage_shapes=_shapes,
    build_tiny=_build_tiny,
    load=_load,
    run=_run,
    measure=_measure,
)
