"""Says whether a single-file checkpoint is one that a family's pipeline can load."""

from pathlib import Path

from gpu_worker.domain.checkpoints.kind import Checkpoint
from gpu_worker.models.family import ModelFamily
from gpu_worker.models.safetensors_file import NotUsable, read_weights_file


def inspect_checkpoint(path: Path, family: ModelFamily) -> Checkpoint:
    """Return what the file says of itself; raises NotUsable, which names what it is, unless the family can load it."""
    if family.checkpoint is None:
        raise NotUsable(f"{path.name} is a single file, but {family.name} models are loaded from a folder")
    found = read_weights_file(path).identify()
    if found.kind is not family.checkpoint:
        raise NotUsable(f"{path.name} is {found.kind.value}, not {family.checkpoint.value}")
    return found


def brings_own_vae(path: Path, family: ModelFamily) -> bool:
    """Return whether a file is a checkpoint of the family with a VAE."""
    try:
        return inspect_checkpoint(path, family).has_vae
    except NotUsable:
        return False
