"""Builds a tiny model on first use. A file lock lets one of several starting workers build it."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from darkroom_chassis.logs import get_logger
from filelock import FileLock

from gpu_worker.models.registry import TinyArchitecture

log = get_logger(__name__)

_RELEASE = 1
"""Part of the folder's name. Increment it when the weights or the vocabularies change."""


def ensure_tiny_model(architecture: TinyArchitecture, models_dir: Path) -> Path:
    """Return the folder of a tiny model; builds it if it is missing.

    The model is written to a temporary folder and renamed, so an interrupted build leaves no incomplete model.
    """
    home = models_dir / "tiny"
    place = home / f"{architecture.value}-{_RELEASE}"
    if place.is_dir():
        return place
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f"{architecture.value}.lock"):
        if not place.is_dir():
            _build(architecture, home, place)
    return place


def _build(architecture: TinyArchitecture, home: Path, place: Path) -> None:
    for leftover in home.glob(f".{architecture.value}-*"):
        shutil.rmtree(leftover)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix=f".{architecture.value}-", dir=home, ignore_cleanup_errors=True) as draft:
        folder = Path(draft, "model")
        _builder(architecture)(folder)
        os.rename(folder, place)
    log.info(
        "Built a tiny model with random weights; its outputs are noise",
        model=architecture.value,
        seconds=round(time.perf_counter() - started, 1),
    )


def _builder(architecture: TinyArchitecture) -> Callable[[Path], None]:
    match architecture:
        case TinyArchitecture.SDXL:
            from gpu_worker.models.tiny.sdxl import build_sdxl

            return build_sdxl
        case TinyArchitecture.WAN:
            from gpu_worker.models.tiny.wan import build_wan

            return build_wan
        case TinyArchitecture.QWEN:
            from gpu_worker.models.tiny.qwen import build_qwen

            return build_qwen
