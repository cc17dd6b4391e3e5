"""A copy of a model's weights in the number format in which it computes, made once.

Some weights are published in float32: of WAN's text encoder, 22.7 GB are read to compute with 11.4 GB in bfloat16. The
copy halves every later load.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from darkroom_chassis.logs import get_logger
from filelock import FileLock

from gpu_worker.models.safetensors_file import read_weights_file
from gpu_worker.runtime.device import weights_bytes

log = get_logger(__name__)
_WIDE = "F32"
_LEAST_FREE_BYTES = 2_000_000_000
"""Disk space that copies leave free."""


def load_with_copy(kind: Any, folder: Path, copies: Path, dtype: torch.dtype, variant: str | None = None) -> Any:
    """Return `kind.from_pretrained(folder)` in `dtype`, from a copy in that format if the files are in float32.

    `kind` is a model class of transformers or diffusers, `variant` that of its files. The copy is made in the folder
    `copies` when it is missing and the disk has room; one process makes it.
    """
    if not _is_wide(folder, dtype):
        return _load(kind, folder, dtype, variant)
    copy = copies / str(dtype).removeprefix("torch.")
    copies.mkdir(parents=True, exist_ok=True)
    with FileLock(copies / ".lock"):
        if copy.is_dir():
            return _load(kind, copy, dtype)
        model = _load(kind, folder, dtype, variant)
        _save(model, copy)
    return model


def _load(kind: Any, folder: Path, dtype: torch.dtype, variant: str | None = None) -> Any:
    return kind.from_pretrained(folder, dtype=dtype, variant=variant, use_safetensors=True, local_files_only=True)


def _save(model: Any, copy: Path) -> None:
    """Write the copy, or leave it out with a line in the log: the model is loaded in any case."""
    size = weights_bytes(model)
    if shutil.disk_usage(copy.parent).free < size + _LEAST_FREE_BYTES:
        log.warning("No room for a copy of a model in the format it computes in", copy=str(copy), bytes=size)
        return
    with tempfile.TemporaryDirectory(dir=copy.parent) as draft:
        target = Path(draft, "copy")
        try:
            model.save_pretrained(target)
            os.rename(target, copy)
        except OSError as error:
            log.warning("A copy of a model cannot be written", copy=str(copy), reason=error.strerror)


def _is_wide(folder: Path, dtype: torch.dtype) -> bool:
    """Return whether most of a folder's weights are in float32 and are to be computed with in a narrower format."""
    if dtype.itemsize >= torch.float32.itemsize:
        return False
    files = [read_weights_file(file) for file in folder.glob("*.safetensors")]
    tensors = [tensor for file in files for tensor in file.header.tensors.values()]
    wide = sum(tensor.elements for tensor in tensors if tensor.dtype == _WIDE)
    return 2 * wide > sum(tensor.elements for tensor in tensors)
