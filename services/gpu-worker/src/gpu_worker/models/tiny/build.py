"""Builds a tiny model on first use. A file lock lets one of several starting workers build it."""

import os
import shutil
import tempfile
import time
from pathlib import Path

from darkroom_chassis.logs import get_logger
from filelock import FileLock

from gpu_worker.models.families import family_of
from gpu_worker.models.family import ModelFamily

log = get_logger(__name__)

_RELEASE = 1
"""Part of the folder's name. Increment it when the weights or the vocabularies change."""


def ensure_tiny_model(family_name: str, models_dir: Path) -> Path:
    """Return the folder of a family's tiny model; builds it if it is missing.

    The model is written to a temporary folder and renamed, so an interrupted build leaves no incomplete model.
    """
    family, home = family_of(family_name), models_dir / "tiny"
    place = home / f"{family.name}-{_RELEASE}"
    if place.is_dir():
        return place
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f"{family.name}.lock"):
        if not place.is_dir():
            _build(family, home, place)
    return place


def _build(family: ModelFamily, home: Path, place: Path) -> None:
    for leftover in home.glob(f".{family.name}-*"):
        shutil.rmtree(leftover)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix=f".{family.name}-", dir=home, ignore_cleanup_errors=True) as draft:
        folder = Path(draft, "model")
        family.build_tiny(folder)
        os.rename(folder, place)
    log.info(
        "Built a tiny model with random weights; its outputs are noise",
        model=family.name,
        seconds=round(time.perf_counter() - started, 1),
    )
