"""Loads Z-Image's parts once. Jobs share them; each job has its own pipeline object and scheduler."""

from typing import Any

import torch
from darkroom_schemas.recipe import ModelRef

from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.registry import ModelEntry
from gpu_worker.models.storage import copies_of
from gpu_worker.models.variants import weight_files
from gpu_worker.pipelines.components import load_models
from gpu_worker.pipelines.context import LoadContext
from gpu_worker.pipelines.half_copy import load_with_copy
from gpu_worker.pipelines.placed_pipeline import placed_pipeline
from gpu_worker.pipelines.z_image.decode import fit_z_image_colours
from gpu_worker.runtime.model_cache import LoadedModel


def load_z_image(name: str, entry: ModelEntry, placement: Placement, context: LoadContext) -> LoadedModel:
    """Load a model from its folder, and place its components.

    The transformer is published in float32, so it is loaded from a copy in the format that it computes in.
    """
    from diffusers import ZImagePipeline, ZImageTransformer2DModel

    files = context.files_of(name, entry)
    stated = getattr(entry.source, "variant", None)
    dtype = context.device.weight_type(entry.dtype)
    half = dtype is torch.float16
    options: dict[str, Any] = {"dtype": dtype, "local_files_only": True}
    models = load_models(files.path, context.check, besides=("transformer",), variant=stated, half=half, **options)
    folder, copies = files.path / "transformer", copies_of(files.sha256, context.models_dir) / "transformer"
    _, variant = weight_files(folder, stated, half=half)
    models["transformer"] = load_with_copy(ZImageTransformer2DModel, folder, copies, dtype, variant)
    context.check()
    pipeline = ZImagePipeline.from_pretrained(files.path, **models, **options)
    ref = ModelRef(name=name, source=files.source, revision=files.revision, sha256=files.sha256)
    return placed_pipeline(pipeline, ref, placement, context, fit_z_image_colours)
