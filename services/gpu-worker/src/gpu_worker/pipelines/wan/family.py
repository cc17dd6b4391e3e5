"""Declares the family WAN 2.1, whose models make videos and stills."""

from pathlib import Path
from typing import TYPE_CHECKING

from darkroom_schemas.payload import AnyPayload, ImagePayload, VideoPayload

from gpu_worker.domain.memory.footprint import Footprint, Shape, StageName
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.family import PipelineFolder, Shapes, drawing
from gpu_worker.pipelines.family import Finished, PipelineFamily, Work

if TYPE_CHECKING:
    from gpu_worker.models.registry import ModelEntry
    from gpu_worker.pipelines.context import LoadContext
    from gpu_worker.runtime.model_cache import LoadedModel

_TEXT_TOKENS = 512


def _shapes(payload: AnyPayload) -> Shapes:
    asked = drawing(payload)
    pixels = asked.width * asked.height
    frames = asked.frames if isinstance(asked, VideoPayload) else 1
    return {
        StageName.ENCODE: Shape(_TEXT_TOKENS),
        StageName.DENOISE: Shape(pixels, frames),
        StageName.DECODE: Shape(pixels, frames),
    }


def _load(name: str, entry: "ModelEntry", placement: Placement, context: "LoadContext") -> "LoadedModel":
    from gpu_worker.pipelines.wan.load import load_wan

    return load_wan(name, entry, placement, context)


def _run(work: Work[ImagePayload | VideoPayload]) -> Finished:
    from gpu_worker.pipelines.wan.job import run_wan

    sink = work.open_sink(work.payload.max_bytes)
    return Finished(*run_wan(work.payload, work.context, sink, work.link))


def _build_tiny(folder: Path) -> None:
    from gpu_worker.pipelines.wan.tiny import build_wan

    build_wan(folder)


def _measure() -> Footprint:
    from gpu_worker.pipelines.wan.footprint import measure_wan

    return measure_wan()


WAN = PipelineFamily(
    name="wan",
    serves=("wan_image", "wan_video"),
    folder=PipelineFolder("WanPipeline", ("transformer", "vae", "text_encoder")),
    architecture="wan2.1-t2v-1.3b",
    float32_vae="always",
    usable_defaults=frozenset({"negative_prompt", "steps", "guidance_scale", "sampler"}),
    stage_shapes=_shapes,
    build_tiny=_build_tiny,
    load=_load,
    run=_run,
    measure=_measure,
)
