"""Loads WAN's parts once. The VAE stays in float32, because half precision visibly degrades its output."""

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
from gpu_worker.pipelines.wan.decode import fit_wan_colours
from gpu_worker.runtime.model_cache import LoadedModel


def load_wan(name: str, entry: ModelEntry, placement: Placement, context: LoadContext) -> LoadedModel:
    """Load a model from its folder, and place its components."""
    from diffusers import AutoencoderKLWan, WanPipeline
    from transformers import UMT5EncoderModel

    files = context.files_of(name, entry)
    stated = getattr(entry.source, "variant", None)
    _, variant = weight_files(files.path / "vae", stated, half=False)
    vae = AutoencoderKLWan.from_pretrained(
        files.path, subfolder="vae", dtype=torch.float32, variant=variant, use_safetensors=True, local_files_only=True
    )
    dtype = context.device.weight_type(entry.dtype)
    options: dict[str, Any] = {"dtype": dtype, "local_files_only": True}
    half = dtype is torch.float16
    models = load_models(
        files.path, context.check, besides=("vae", "text_encoder"), variant=stated, half=half, **options
    )
    folder, copies = files.path / "text_encoder", copies_of(files.sha256, context.models_dir)
    _, variant = weight_files(folder, stated, half=half)
    models["text_encoder"] = load_with_copy(UMT5EncoderModel, folder, copies, dtype, variant)
    context.check()
    pipeline = WanPipeline.from_pretrained(files.path, vae=vae, **models, **options)
    ref = ModelRef(name=name, source=files.source, revision=files.revision, sha256=files.sha256)
    return placed_pipeline(pipeline, ref, placement, context, fit_wan_colours)
