"""Keeps measured peaks in a file of the models folder, apart for each device and release of torch."""

import json
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from darkroom_chassis.logs import get_logger
from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from gpu_worker.domain.memory.footprint import Shape, StageName
from gpu_worker.domain.memory.measured import MAX_POINTS, Peaks

log = get_logger(__name__)

_MAX_DEVICES = 16
_MAX_BYTES = 4_000_000


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    architecture: str
    stage: StageName
    size: int
    frames: int
    batch: int
    work_bytes: int


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    devices: dict[str, list[_Row]] = {}


def peak_file(models_dir: Path) -> Path:
    """Return the path of the file."""
    return models_dir / "memory-peaks.json"


def read_peaks(path: Path, device_name: str) -> Peaks:
    """Return what a device measured with the installed torch; nothing if the file is missing or damaged."""
    rows = _read(path).devices.get(_key(device_name), [])[-MAX_POINTS:]
    return Peaks(
        ((row.architecture, row.stage, Shape(row.size, row.frames, row.batch)), row.work_bytes) for row in rows
    )


def write_peaks(path: Path, device_name: str, peaks: Peaks) -> None:
    """Replace what the file holds for a device. A full or read-only disk is logged, since the peaks only refine."""
    rows = [
        _Row(architecture=of, stage=stage, size=shape.size, frames=shape.frames, batch=shape.batch, work_bytes=work)
        for (of, stage, shape), work in peaks.points().items()
    ]
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):  # workers of several machines may share the folder
            draft.write_text(json.dumps(_with(_read(path), _key(device_name), rows).model_dump(mode="json")))
            draft.replace(path)
    except OSError as error:
        log.warning("Measured memory peaks could not be stored", path=str(path), reason=error.strerror)
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _with(content: _File, device: str, rows: list[_Row]) -> _File:
    content.devices.pop(device, None)
    content.devices[device] = rows
    while len(content.devices) > _MAX_DEVICES:
        del content.devices[next(iter(content.devices))]
    return content


def _key(device_name: str) -> str:
    try:
        return f"{device_name} / torch {version('torch')}"
    except PackageNotFoundError:
        return device_name


def _read(path: Path) -> _File:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return _File()
        return _File.model_validate_json(path.read_text())
    except FileNotFoundError:
        return _File()
    except (OSError, ValidationError, UnicodeDecodeError):
        log.warning("The file of measured memory peaks is damaged and is replaced", path=str(path))
        return _File()
