"""The end of loading a pipeline: its parts are frozen, measured and placed, and the colours of previews fitted."""

from collections.abc import Callable
from typing import Any

import torch
from darkroom_schemas.recipe import ModelRef

from gpu_worker.domain.memory.placement import Placement
from gpu_worker.pipelines.context import LoadContext
from gpu_worker.pipelines.placement import component_weights, components, place
from gpu_worker.pipelines.preview import Colours, fit_on_cpu
from gpu_worker.pipelines.settings import pipeline_settings
from gpu_worker.runtime.model_cache import LoadedModel


def placed_pipeline(
    pipeline: Any,  # Any: diffusers' pipelines are untyped
    ref: ModelRef,
    placement: Placement,
    context: LoadContext,
    fit: Callable[[Any, torch.device], Colours],
) -> LoadedModel:
    """Return a pipeline in main memory as a loaded model. `fit` fits the colours of previews to its VAE on a device.

    Raises what `context.check` raises.
    """
    parts: dict[str, Any] = dict(pipeline.components)
    for module in components(parts).values():
        module.eval().requires_grad_(False)
    context.check()
    weights = component_weights(parts)
    colours = None
    if placement is Placement.OFFLOADED:
        colours = fit_on_cpu(parts["vae"], fit)
    place(parts, placement, context.device.torch_device)
    if colours is None:
        colours = fit(parts["vae"], context.device.torch_device)
    return LoadedModel(ref, parts, weights, colours, pipeline_settings(pipeline))
