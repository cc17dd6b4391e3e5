"""Sizes the components of a model from the headers of its files, without reading the weights."""

from pathlib import Path

from gpu_worker.domain.memory.footprint import Component
from gpu_worker.domain.memory.headers import TensorHeader, loaded_bytes
from gpu_worker.models.safetensors_file import NotUsable, read_weights_file
from gpu_worker.models.variants import weight_files

_PREFIXES = (
    ("model.diffusion_model.", Component.UNET),
    ("conditioner.embedders.0.", Component.TEXT_ENCODER),
    ("conditioner.embedders.1.", Component.TEXT_ENCODER_2),
    ("first_stage_model.", Component.VAE),
)
"""How the keys of a single-file SDXL checkpoint begin."""

FLOAT32_BYTES = 4


def component_bytes(
    path: Path, float_bytes: int, *, variant: str | None, float32_vae: bool, half: bool = False
) -> dict[Component, int]:
    """Return the bytes of each component once loaded in a number format of `float_bytes` bytes.

    `path` is a folder in the layout of diffusers or transformers, or a single file. `variant` and `half` choose among
    the files of a folder as loading does. Empty if a header cannot be read: such a model is not offered.
    """
    try:
        tensors = _of_file(path) if path.is_file() else _of_folder(path, variant, half=half)
    except (OSError, NotUsable):
        return {}
    return {
        component: loaded_bytes(found, FLOAT32_BYTES if float32_vae and component is Component.VAE else float_bytes)
        for component, found in tensors.items()
    }


def _of_file(path: Path) -> dict[Component, list[TensorHeader]]:
    tensors: dict[Component, list[TensorHeader]] = {}
    for name, tensor in read_weights_file(path).header.tensors.items():
        component = next((component for prefix, component in _PREFIXES if name.startswith(prefix)), None)
        if component is not None:
            tensors.setdefault(component, []).append(tensor)
    return tensors


def _of_folder(path: Path, variant: str | None, *, half: bool) -> dict[Component, list[TensorHeader]]:
    tensors: dict[Component, list[TensorHeader]] = {}
    for component in Component:
        place = path if component is Component.LANGUAGE_MODEL else path / component.value
        for file in weight_files(place, variant, half=half)[0]:
            tensors.setdefault(component, []).extend(read_weights_file(file).header.tensors.values())
    return tensors
