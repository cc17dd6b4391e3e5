"""Recipes of outputs of external back ends."""

import json
from typing import Any

from darkroom_schemas.recipe import BackendRecipe

from gpu_worker.backends.entry import BackendEntry

_MAX_REQUEST_BYTES = 64_000


def backend_recipe(
    entry: BackendEntry,
    request: dict[str, Any],
    *,
    version: str | None = None,
    prompt: str = "",
    seed: int | None = None,
    model: str | None = None,
) -> BackendRecipe:
    """Return a recipe. A request of more than 64 kB as JSON is left out."""
    fits = len(json.dumps(request).encode()) < _MAX_REQUEST_BYTES
    return BackendRecipe(
        backend=entry.id, backend_type=entry.type.value, version=version, prompt=prompt, seed=seed, model=model,
        request=request if fits else {},
    )  # fmt: skip
