"""Loads WAN's parts once. The VAE stays in float32, because half precision visibly degrades its output."""

from typing import Any

import torch
from darkroom_schemas.recipe import ModelRef

from gpu_worker.models.files import find_model
from gpu_worker.models.registry import ModelEntry
from gpu_worker.pipelines.components import load_models
from gpu_worker.pipelines.context import LoadContext
from gpu_worker.pipelines.settings import pipeline_settings
from gpu_worker.pipelines.wan.decode import fit_wan_colours
from gpu_worker.runtime.device import weights_bytes
from gpu_worker.runtime.model_cache import LoadedModel


def load_wan(name: str, entry: ModelEntry, context: LoadContext) -> LoadedModel:
    """Load a model from its folder onto the device, or into main memory if it is offloaded."""
    from diffusers import AutoencoderKLWan, WanPipeline

    files = find_model(entry, context.models_dir)
    vae = AutoencoderKLWan.from_pretrained(files.path, subfolder="vae", dtype=torch.float32, local_files_only=True)
    options: dict[str, Any] = {"dtype": context.device.weight_type(entry.dtype), "local_files_only": True}
    models = load_models(files.path, context.check, besides=("vae",), **options)
    pipeline = WanPipeline.from_pretrained(files.path, vae=vae, **models, **options)
    parts: dict[str, Any] = dict(pipeline.components)
    if context.memory.vae_tiling:
        vae.enable_tiling()
    offloaded = context.offloads(entry)
    for part in parts.values():
        if isinstance(part, torch.nn.Module):
            part.eval().requires_grad_(False)
            context.check()
            if not offloaded:
                part.to(context.device.torch_device)
    ref = ModelRef(name=name, source=files.source, revision=files.revision, sha256=files.sha256)
    # Fitting decodes, which would move an offloaded model's parts between memories: such models have no previews.
    colours = None if offloaded else fit_wan_colours(vae, context.device.torch_device)
    memory_bytes = 0 if offloaded else weights_bytes(*parts.values())
    return LoadedModel(ref, parts, memory_bytes, offloaded, colours, pipeline_settings(pipeline))
