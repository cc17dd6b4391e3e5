"""Says whether a folder in the layout of diffusers or transformers is one that a family's pipeline can load."""

import json
from collections.abc import Collection
from pathlib import Path

from gpu_worker.models.family import LanguageModelFolder, ModelFamily
from gpu_worker.models.safetensors_file import NotUsable, read_weights_file
from gpu_worker.models.variants import AUTO, weight_files

_INDEX = "model_index.json"
_PICKLED = ("*.bin", "*.ckpt", "*.pt", "*.pth")
_MAX_FILES = 1000


def inspect_folder(
    folder: Path,
    family: ModelFamily,
    *,
    variant: str | None = AUTO,
    half: bool = True,
    without: Collection[str] = (),
) -> None:
    """Raise NotUsable, which says what is wrong, unless the family can load the folder.

    The headers of the weights that would be loaded are read. Components `without` may be missing.
    """
    if not folder.is_dir():
        raise NotUsable(f"{folder.name} is no folder" if folder.exists() else f"{folder.name} does not exist")
    layout = family.folder
    if isinstance(layout, LanguageModelFolder):
        _require_language_model(folder)
        _inspect_weights(folder, folder.name, variant, half=half)
        return
    index = _read_object(folder, _INDEX)
    kind = index.get("_class_name")
    if kind != layout.pipeline:
        raise NotUsable(f"{folder.name}/{_INDEX} is of class {_shown(kind)}, not {layout.pipeline}")
    for name in layout.components:
        if name not in without:
            _inspect_weights(folder / name, f"{folder.name}/{name}", variant, half=half)


def inspect_component(folder: Path, *, variant: str | None = AUTO, half: bool = True) -> None:
    """Raise NotUsable unless the folder is one component with its configuration, such as a VAE."""
    if not folder.is_dir():
        raise NotUsable(f"{folder.name} does not exist")
    _read_object(folder, "config.json")
    _inspect_weights(folder, folder.name, variant, half=half)


def has_weights(folder: Path) -> bool:
    """Return whether a component's folder has safetensors files."""
    return any(folder.glob("*.safetensors"))


def _require_language_model(folder: Path) -> None:
    kinds = _read_object(folder, "config.json").get("architectures")
    if not isinstance(kinds, list) or not any(str(kind).endswith("ForCausalLM") for kind in kinds):
        raise NotUsable(f"{folder.name}/config.json is of class {_shown(kinds)}, not of a causal language model")


def _inspect_weights(folder: Path, shown: str, variant: str | None, *, half: bool) -> None:
    files, chosen = weight_files(folder, variant, half=half)
    if not files:
        if any(file for pattern in _PICKLED for file in folder.glob(pattern)):
            raise NotUsable(f"{shown} has only pickled weights (.bin), which could run code; safetensors are needed")
        raise NotUsable(f"{shown} has no .safetensors file")
    missing = sorted(_of_index(folder, chosen) - {file.name for file in files})
    if missing:
        raise NotUsable(f"{shown} lacks {len(missing)} of its files, such as {missing[0]}")
    for file in files[:_MAX_FILES]:
        try:
            read_weights_file(file)
        except NotUsable as error:
            raise NotUsable(f"{shown}/{error}") from error


def _of_index(folder: Path, variant: str | None) -> set[str]:
    """Return the files that the index of a sharded model lists; empty if there is no index."""
    pattern = "*.safetensors.index.json" if variant is None else f"*.safetensors.index.{variant}.json"
    for index in sorted(folder.glob(pattern)):
        shards = _read_object(folder, index.name).get("weight_map")
        if isinstance(shards, dict):
            return {str(name) for name in shards.values()}
    return set()


def _read_object(folder: Path, name: str) -> dict[str, object]:
    path = folder / name
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        hint = "; for a single checkpoint, name the file itself" if list(folder.glob("*.safetensors")) else ""
        raise NotUsable(f"{folder.name} has no {name}{hint}") from None
    except (OSError, ValueError) as error:
        raise NotUsable(f"{folder.name}/{name} cannot be read: {type(error).__name__}") from error
    if not isinstance(content, dict):
        raise NotUsable(f"{folder.name}/{name} is no JSON object")
    return content


def _shown(value: object) -> str:
    return repr(value)[:100]
