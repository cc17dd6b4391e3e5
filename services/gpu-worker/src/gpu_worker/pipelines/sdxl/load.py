"""Loads SDXL's parts once. Jobs share them; each job has its own pipeline object and scheduler."""

from pathlib import Path
from typing import Any

import torch
from darkroom_schemas.recipe import ModelRef

from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.families import family_of
from gpu_worker.models.files import ModelFiles
from gpu_worker.models.inspect_file import inspect_checkpoint
from gpu_worker.models.registry import ModelEntry
from gpu_worker.models.variants import weight_files
from gpu_worker.pipelines.components import load_models
from gpu_worker.pipelines.context import LoadContext
from gpu_worker.pipelines.placed_pipeline import placed_pipeline
from gpu_worker.pipelines.sdxl.decode import fit_sdxl_colours
from gpu_worker.pipelines.sdxl.noise_schedule import noise_schedule
from gpu_worker.pipelines.sdxl.single_file import config_folder
from gpu_worker.runtime.model_cache import LoadedModel


def load_sdxl(name: str, entry: ModelEntry, placement: Placement, context: LoadContext) -> LoadedModel:
    """Load a model from its folder or its single file, and place its components."""
    files = context.files_of(name, entry)
    dtype = context.device.weight_type(entry.dtype)
    pipeline = _read(entry, files, dtype, context)
    if entry.defaults.schedule:
        config = pipeline.scheduler.config
        pipeline.scheduler = type(pipeline.scheduler).from_config(config, **entry.defaults.schedule)
    _pin_vae_precision(pipeline.vae, dtype)
    ref = ModelRef(name=name, source=files.source, revision=files.revision, sha256=files.sha256, vae=files.vae_ref)
    return placed_pipeline(pipeline, ref, placement, context, fit_sdxl_colours)


def _read(entry: ModelEntry, files: ModelFiles, dtype: torch.dtype, context: LoadContext) -> Any:
    from diffusers import StableDiffusionXLPipeline

    half = dtype is torch.float16
    options: dict[str, Any] = {"dtype": dtype, "local_files_only": True}
    if files.vae is not None and entry.vae is not None:
        options["vae"] = _read_vae(files.vae, entry.vae.variant, dtype)
    if files.path.is_file():
        return _read_file(entry, files.path, options, context)
    models = load_models(
        files.path,
        context.check,
        besides=options,
        variant=getattr(entry.source, "variant", None),
        half=half,
        dtype=dtype,
        local_files_only=True,
    )
    return StableDiffusionXLPipeline.from_pretrained(files.path, **models, **options)


def _read_vae(folder: Path, stated: str | None, dtype: torch.dtype) -> Any:
    from diffusers import AutoencoderKL

    _, variant = weight_files(folder, stated, half=dtype is torch.float16)
    return AutoencoderKL.from_pretrained(
        folder, dtype=dtype, variant=variant, use_safetensors=True, local_files_only=True
    )


def _read_file(entry: ModelEntry, file: Path, options: dict[str, Any], context: LoadContext) -> Any:
    """Load a checkpoint in one file, with the noise schedule that the file states for itself."""
    from diffusers import StableDiffusionXLPipeline

    config = config_folder(entry.source, context.models_dir)
    pipeline = StableDiffusionXLPipeline.from_single_file(str(file), config=str(config), **options)
    schedule = noise_schedule(inspect_checkpoint(file, family_of(entry.family)))
    if schedule:
        pipeline.scheduler = type(pipeline.scheduler).from_config(pipeline.scheduler.config, **schedule)
    return pipeline


def _pin_vae_precision(vae: Any, dtype: torch.dtype) -> None:
    """Convert a VAE that overflows in half precision to float32.

    The pipeline would instead convert it there and back in each job, which would change a part that jobs share.
    """
    if dtype is torch.float16 and vae.config.force_upcast:
        vae.to(torch.float32)
