"""Declares the family Z-Image."""

from pathlib import Path
from typing import TYPE_CHECKING

from darkroom_schemas.payload import ImagePayload

from gpu_worker.domain.memory.footprint import Footprint
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.family import PipelineFolder
from gpu_worker.pipelines.family import Finished, PipelineFamily, Work
from gpu_worker.pipelines.z_image.shapes import stage_shapes

if TYPE_CHECKING:
    from gpu_worker.models.registry import ModelEntry
    from gpu_worker.pipelines.context import LoadContext
    from gpu_worker.runtime.model_cache import LoadedModel


def _load(name: str, entry: "ModelEntry", placement: Placement, context: "LoadContext") -> "LoadedModel":
    from gpu_worker.pipelines.z_image.load import load_z_image

    return load_z_image(name, entry, placement, context)


def _run(work: Work[ImagePayload]) -> Finished:
    from gpu_worker.pipelines.z_image.job import run_z_image

    return run_z_image(work)


def _build_tiny(folder: Path) -> None:
    from gpu_worker.pipelines.z_image.tiny import build_z_image

    build_z_image(folder)


def _measure() -> Footprint:
    from gpu_worker.pipelines.z_image.footprint import measure_z_image

    return measure_z_image()


Z_IMAGE = PipelineFamily(
    name="z_image",
    serves=("z_image",),
    folder=PipelineFolder("ZImagePipeline", ("transformer", "vae", "text_encoder")),
    architecture="z-image",
    usable_defaults=frozenset({"negative_prompt", "steps", "guidance_scale", "sampler"}),
    stage_shapes=stage_shapes,
    build_tiny=_build_tiny,
    load=_load,
    run=_run,
    measure=_measure,
)
