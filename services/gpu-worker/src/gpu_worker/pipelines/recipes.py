"""Builds the recipe of an output: the record from which it can be reproduced."""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import torch
from darkroom_schemas.payload import ImagePayload, VideoPayload
from darkroom_schemas.recipe import LoraRef, Recipe, TextRead

from gpu_worker.domain.memory.card import CUDA
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.pipelines.computation import Computation, type_name
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.runtime.gpu_software import gpu_software

_LIBRARIES = ("gpu-worker", "torch", "diffusers", "transformers")


def make_recipe(
    payload: ImagePayload | VideoPayload,
    context: PipelineContext,
    computation: Computation,
    *,
    index: int,
    batch_shape: Sequence[int],
    batch_index: int,
    dtype: torch.dtype,
    decode_dtype: torch.dtype,
    tiled: bool = False,
    text: TextRead | None = None,
    loras: Sequence[LoraUse] = (),
) -> Recipe:
    """Return the recipe of output `index`. `batch_shape` is that of the latents, `batch_index` the position in it."""
    return Recipe(
        prompt=payload.prompt,
        negative_prompt=payload.negative_prompt or "",
        original_prompt=payload.original_prompt,
        seed=payload.seeds[index],
        width=payload.width,
        height=payload.height,
        frames=payload.frames if isinstance(payload, VideoPayload) else 1,
        fps=payload.fps if isinstance(payload, VideoPayload) else None,
        steps=payload.steps,
        guidance_scale=payload.guidance_scale,
        sampler=payload.sampler,
        model=computation.model,
        batch_shape=tuple(batch_shape),
        batch_index=batch_index,
        device=context.device.name,
        dtype=type_name(dtype),
        decode_dtype=type_name(decode_dtype),
        tiled=tiled,
        threads=torch.get_num_threads(),
        libraries=library_versions(),
        profile=context.profile,
        text=text,
        loras=tuple(LoraRef(name=lora.name, weight=lora.weight, sha256=lora.sha256) for lora in loras),
        dtypes=computation.dtypes,
        scheduler=computation.scheduler,
        attention=computation.attention,
        placement=computation.placement,
        gpu=gpu_software() if context.device.kind == CUDA else None,
    )


@cache
def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that compute the pixels."""
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return versions
