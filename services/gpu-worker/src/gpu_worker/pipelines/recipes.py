"""Builds the recipe of an output: the record from which it can be reproduced."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import torch
from darkroom_schemas.payload import ImagePayload, VideoPayload
from darkroom_schemas.recipe import LoraRef, ModelRef, Recipe, TextRead

from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.pipelines.context import PipelineContext

_LIBRARIES = ("gpu-worker", "torch", "diffusers", "transformers")


def make_recipe(
    payload: ImagePayload | VideoPayload,
    context: PipelineContext,
    model: ModelRef,
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
        model=model,
        batch_shape=tuple(batch_shape),
        batch_index=batch_index,
        device=context.device.name,
        dtype=_name(dtype),
        decode_dtype=_name(decode_dtype),
        tiled=tiled,
        threads=torch.get_num_threads(),
        libraries=_library_versions(),
        profile=context.profile,
        text=text,
        loras=tuple(LoraRef(name=lora.name, weight=lora.weight, sha256=lora.sha256) for lora in loras),
    )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return versions
