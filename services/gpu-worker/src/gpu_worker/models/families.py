"""Finds the families. Their registry is `pipelines.families`, above this layer, so it is looked up by its name."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from darkroom_schemas.families import FAMILIES

from gpu_worker.models.family import ModelFamily

_REGISTRY = "gpu_worker.pipelines.families"


@cache
def model_families() -> Mapping[str, ModelFamily]:
    """Return the families by name."""
    registry: tuple[ModelFamily, ...] = import_module(_REGISTRY).REGISTRY
    return {family.name: family for family in registry}


def family_of(name: str) -> ModelFamily:
    """Return the family of this name; raises ValueError, which names those that there are."""
    family = model_families().get(name)
    if family is None:
        raise ValueError(f"no {name!r}; there are: {', '.join(model_families())}")
    return family


def serving(payload_family: str) -> ModelFamily:
    """Return the family whose models run payloads of this family; raises ValueError if there is none."""
    for family in model_families().values():
        if payload_family in family.serves:
            return family
    raise ValueError(f"no model family serves {payload_family!r}")


def takes_loras(family: ModelFamily) -> bool:
    """Return whether models of a family apply LoRAs."""
    return any(FAMILIES[name].takes_loras for name in family.serves)


def samplers_of(family: ModelFamily) -> tuple[str, ...]:
    """Return the samplers that every payload of a family may name."""
    return next((FAMILIES[name].samplers for name in family.serves), ())
