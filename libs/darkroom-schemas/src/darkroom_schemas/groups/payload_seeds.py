"""The seeds of a group's children, and each one's place in the payload of its job type."""

from collections.abc import Mapping
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.groups.graph import with_seed
from darkroom_schemas.groups.seeds import SeedStrategy, seeds_of
from darkroom_schemas.payload import MAX_SEED
from darkroom_schemas.remote_payloads import REMOTE_PAYLOADS

_BELOW = {"stability_api": 2**32 - 1}
"""Limits of back ends that take smaller seeds than Darkroom's own models."""


def group_seeds(job_type: str, strategy: SeedStrategy, base_seed: int | None, number: int) -> tuple[int, ...]:
    """Return the seeds of the children of a group; `base_seed` must be less than `seeds_below`."""
    entry = CATALOGUE.get(job_type)
    span = entry.outputs if entry is not None and entry.kind is not None else 1
    return seeds_of(strategy, base_seed, number, below=seeds_below(job_type), span=span)


def seeds_below(job_type: str) -> int:
    """Return the limit of a job type's seeds."""
    return _BELOW.get(job_type, MAX_SEED + 1)


def seeded_payload(job_type: str, payload: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Return a copy with the seed: in every node of a ComfyUI graph that holds one, else as `seed`.

    Job types that have no seed, such as requests over HTTP, get the payload unchanged.
    """
    if job_type == "comfyui":
        graph = payload.get("workflow")
        return {**payload, "workflow": with_seed(graph, seed)} if isinstance(graph, dict) else dict(payload)
    model = REMOTE_PAYLOADS.get(job_type)
    takes_seed = model is None or not {"seed", "seeds"}.isdisjoint(model.model_fields)
    return {**payload, "seed": seed} if takes_seed else dict(payload)
