"""Sizes the components of a model from the headers of its files, without reading the weights."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from gpu_worker.domain.memory.footprint import Component
from gpu_worker.domain.memory.headers import (
    LENGTH_BYTES,
    HeaderError,
    TensorHeader,
    header_length,
    loaded_bytes,
    parse_header,
)

_PREFIXES = (
    ("model.diffusion_model.", Component.UNET),
    ("conditioner.embedders.0.", Component.TEXT_ENCODER),
    ("conditioner.embedders.1.", Component.TEXT_ENCODER_2),
    ("first_stage_model.", Component.VAE),
)
"""How the keys of a single-file SDXL checkpoint begin."""

FLOAT32_BYTES = 4
_MAX_FILES = 1000


def component_bytes(path: Path, float_bytes: int, *, variant: str | None, float32_vae: bool) -> dict[Component, int]:
    """Return the bytes of each component once loaded in a number format of `float_bytes` bytes.

    `path` is a folder in the layout of diffusers or transformers, or a single file. Empty if a header cannot be read:
    loading the model then says what is wrong with the file.
    """
    try:
        tensors = _of_file(path) if path.is_file() else _of_folder(path, variant)
    except (OSError, HeaderError):
        return {}
    return {
        component: loaded_bytes(found, FLOAT32_BYTES if float32_vae and component is Component.VAE else float_bytes)
        for component, found in tensors.items()
    }


def _of_file(path: Path) -> dict[Component, list[TensorHeader]]:
    tensors: dict[Component, list[TensorHeader]] = {}
    for name, tensor in _header(path).items():
        component = next((component for prefix, component in _PREFIXES if name.startswith(prefix)), None)
        if component is not None:
            tensors.setdefault(component, []).append(tensor)
    return tensors


def _of_folder(path: Path, variant: str | None) -> dict[Component, list[TensorHeader]]:
    tensors: dict[Component, list[TensorHeader]] = {}
    for component in Component:
        place = path if component is Component.LANGUAGE_MODEL else path / component.value
        for file in _weight_files(place, variant):
            tensors.setdefault(component, []).extend(_header(file).values())
    return tensors


def _weight_files(folder: Path, variant: str | None) -> Iterator[Path]:
    """Yield the files of one variant; a folder without files of that variant is read without one."""
    found = sorted(folder.glob("*.safetensors"))[:_MAX_FILES]
    wanted = [file for file in found if variant is not None and fnmatch(file.name, f"*.{variant}*.safetensors")]
    yield from wanted or [file for file in found if not fnmatch(file.name, "*.fp16*.safetensors")] or found


def _header(path: Path) -> dict[str, TensorHeader]:
    with path.open("rb") as file:
        return parse_header(file.read(header_length(file.read(LENGTH_BYTES))))
