"""Loads the models of a pipeline one by one, so that a stop request takes effect between them."""

import json
from collections.abc import Callable, Collection
from importlib import import_module
from pathlib import Path
from typing import Any

from gpu_worker.models.variants import weight_files

_LIBRARIES = ("diffusers", "transformers")


def load_models(
    folder: Path,
    check: Callable[[], None],
    *,
    besides: Collection[str] = (),
    variant: str | None = None,
    half: bool = False,
    **options: Any,  # of `from_pretrained`, which is untyped
) -> dict[str, Any]:
    """Return the models of a folder in diffusers' layout by their names, to be passed to `from_pretrained`.

    `check` runs before each and may raise. Models `besides` are not loaded. `variant` and `half` choose among the
    files of each model; only safetensors are read. Tokenizers and schedulers are left to the pipeline.
    """
    from diffusers import ModelMixin
    from transformers import PreTrainedModel

    loaded: dict[str, Any] = {}
    for name, entry in json.loads((folder / "model_index.json").read_text()).items():
        if name in besides or not isinstance(entry, list) or entry[0] not in _LIBRARIES:
            continue
        kind = getattr(import_module(entry[0]), entry[1])
        if issubclass(kind, (ModelMixin, PreTrainedModel)):
            check()
            _, chosen = weight_files(folder / name, variant, half=half)
            loaded[name] = kind.from_pretrained(folder, subfolder=name, variant=chosen, use_safetensors=True, **options)
    check()
    return loaded
