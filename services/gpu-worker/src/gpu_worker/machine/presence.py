"""Finds how much of a model is on this machine, without network access."""

from fnmatch import fnmatch
from pathlib import Path

from gpu_worker.models.files import local_path
from gpu_worker.models.hub_cache import snapshot
from gpu_worker.models.registry import FileSource, FolderSource, HubSource, ModelEntry, Source

_VAE_BYTES = 335_000_000
"""A VAE of 84 million parameters in float32, as a download beside an operator's checkpoint."""


def present_bytes(entry: ModelEntry, models_dir: Path) -> int:
    """Return the bytes on disk of a model and of the VAE that replaces its own."""
    return sum(_size(source, models_dir) for source in (entry.source, entry.vae) if source is not None)


def to_come_bytes(entry: ModelEntry, models_dir: Path) -> int | None:
    """Return what is still to be downloaded for an operator's own folder or file: the VAE that replaces its own.

    None for other models, of which everything comes from one place.
    """
    if not isinstance(entry.source, (FolderSource, FileSource)):
        return None
    if not isinstance(entry.vae, HubSource):
        return 0
    return max(0, _VAE_BYTES - _size(entry.vae, models_dir))


def known_path(entry: ModelEntry, models_dir: Path) -> Path | None:
    """Return where the files of a model are, None if they are not on this machine."""
    path = local_path(entry.source, models_dir)
    return path if path is not None and path.exists() else None


def _size(source: Source, models_dir: Path) -> int:
    match source:
        case HubSource():
            folder = snapshot(source)
            return 0 if folder is None else _files_size(folder, source.files)
        case FolderSource():
            return _files_size(source.folder)
        case FileSource():
            return source.file.stat().st_size if source.file.exists() else 0
        case _:
            built = sorted((models_dir / "tiny").glob(f"{source.tiny}-*"))
            return _files_size(built[-1]) if built else 0


def _files_size(folder: Path, patterns: tuple[str, ...] = ()) -> int:
    return sum(
        file.stat().st_size
        for file in folder.rglob("*")
        if file.is_file() and (not patterns or any(fnmatch(file.name, pattern) for pattern in patterns))
    )
