"""Provides the configurations and tokenizers of SDXL, which a single-file checkpoint lacks."""

import os
import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from darkroom_schemas.errors import StepErrorCode
from filelock import FileLock

from gpu_worker.domain.failures import Failure
from gpu_worker.models.registry import FileSource, Source
from gpu_worker.models.tiny.clip_vocabulary import clip_tokenizer, has_real_vocabulary

_RELEASE = 1


def config_folder(source: Source, models_dir: Path) -> Path:
    """Return the operator's configuration folder, or SDXL's own, which is built on first use."""
    if isinstance(source, FileSource) and source.config is not None:
        return source.config
    place = models_dir / "configs" / f"sdxl-{_RELEASE}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place.with_suffix(".lock")):
        if not place.is_dir():
            _assemble(place)
    return place


def _assemble(place: Path) -> None:
    if not has_real_vocabulary():
        raise Failure(
            StepErrorCode.MODEL_UNAVAILABLE,
            "A single-file checkpoint needs CLIP's vocabulary: install open-clip-torch, or give `config` a folder",
        )
    with (
        tempfile.TemporaryDirectory(dir=place.parent) as draft,
        as_file(files("gpu_worker") / "registry/sdxl") as shipped,
    ):
        folder = Path(draft, "config")
        shutil.copytree(shipped, folder)
        clip_tokenizer().save_pretrained(folder / "tokenizer")
        clip_tokenizer(pad="!").save_pretrained(folder / "tokenizer_2")
        os.rename(folder, place)
