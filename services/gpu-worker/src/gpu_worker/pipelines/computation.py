"""Describes how a step computes, for its recipes: number formats, scheduler, attention and placement."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from darkroom_schemas.recipe import ModelRef, SchedulerUsed

from gpu_worker.pipelines.placement import components
from gpu_worker.runtime.model_cache import AdmittedModel

_FLOW_SHIFTS = ("flow_shift", "shift")
_OWN_FIELDS = ("prediction_type", "timestep_spacing", *_FLOW_SHIFTS)
_TORCH_ATTENTION = "native"
"""diffusers' name of `torch.nn.functional.scaled_dot_product_attention`."""


@dataclass(frozen=True, slots=True)
class Computation:
    """What all outputs of one step share; described once, since it walks through every module of the model."""

    model: ModelRef
    dtypes: dict[str, str]
    scheduler: SchedulerUsed
    attention: str | None
    placement: str


def describe_computation(model: AdmittedModel, scheduler: Any, denoiser: Any) -> Computation:
    """Describe a step that uses these parts of a model. Parts and schedulers of diffusers are untyped."""
    return Computation(
        model=model.ref,
        dtypes={part.value: type_name(_usual_type(module)) for part, module in components(model.parts).items()},
        scheduler=describe_scheduler(scheduler),
        attention=", ".join(sorted(set(_attention_backends(denoiser)))) or None,
        placement=model.plan.placement.value,
    )


def describe_scheduler(scheduler: Any) -> SchedulerUsed:
    """Return the class and the configuration of a scheduler; lists and null values are left out."""
    config = scheduler.config
    shift = next((config[name] for name in _FLOW_SHIFTS if config.get(name) is not None), None)
    uses_flow = config.get("use_flow_sigmas", "shift" in config)
    return SchedulerUsed(
        kind=type(scheduler).__name__,
        prediction_type=config.get("prediction_type"),
        timestep_spacing=config.get("timestep_spacing"),
        flow_shift=shift if uses_flow else None,
        settings={
            name: value
            for name, value in config.items()
            if isinstance(value, bool | int | float | str) and name not in _OWN_FIELDS and not name.startswith("_")
        },
    )


def type_name(dtype: torch.dtype) -> str:
    """Return the name of a number format, such as `bfloat16`."""
    return str(dtype).removeprefix("torch.")


def _usual_type(module: torch.nn.Module) -> torch.dtype:
    """Return the number format of most weights: some models keep a few of them in float32."""
    counts: Counter[torch.dtype] = Counter()
    for weights in module.parameters():
        counts[weights.dtype] += weights.numel()
    return counts.most_common(1)[0][0]


def _attention_backends(denoiser: Any) -> Iterator[str]:
    """Yield the backend of each attention layer. A processor without a choice of backends calls torch's."""
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry

    default, _ = _AttentionBackendRegistry.get_active_backend()
    for module in denoiser.modules():
        processor = getattr(module, "processor", None)
        if processor is not None:
            chosen = getattr(processor, "_attention_backend", _TORCH_ATTENTION)
            yield str(getattr(chosen or default, "value", chosen or default))
