"""Locates the files of a model: a folder, a single file, a download from the hub, or a model built here."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import WeightsRef

from gpu_worker.domain.failures import Failure
from gpu_worker.models.registry import (
    FileSource,
    FolderSource,
    HubSource,
    ModelEntry,
    Source,
    TinySource,
    describe,
)
from gpu_worker.models.tiny.build import ensure_tiny_model

_CHUNK = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of a model. `sha256` is that of a single file, or of the list of a folder's weight files and hashes."""

    path: Path
    vae: Path | None
    """The VAE that replaces the model's own."""
    source: str
    revision: str | None
    sha256: str
    vae_ref: WeightsRef | None = None


def find_model(entry: ModelEntry, models_dir: Path) -> ModelFiles:
    """Return the files of a model; downloads or builds them if they are missing.

    Raises a MODEL_UNAVAILABLE Failure if they can't be had, or if their hash is not that of the entry.
    """
    path, revision = find_source(entry.source, models_dir)
    digest = weights_digest(path, models_dir / "digests.json")
    if entry.sha256 not in (None, digest):
        raise Failure(
            StepErrorCode.MODEL_UNAVAILABLE, f"The weights are not those of the model list: sha256 is {digest}"
        )
    source = describe(entry.source)[1]
    if entry.vae is None:
        return ModelFiles(path, None, source, revision, digest)
    vae, vae_revision = find_source(entry.vae, models_dir)
    vae_source = describe(entry.vae)[1]
    vae_ref = WeightsRef(
        source=vae_source, revision=vae_revision, sha256=weights_digest(vae, models_dir / "digests.json")
    )
    return ModelFiles(path, vae, f"{source} with the VAE {vae_source}", revision, digest, vae_ref)


def find_source(source: Source, models_dir: Path) -> tuple[Path, str | None]:
    """Return the path of a source on this machine, and its revision if it has one."""
    match source:
        case TinySource():
            return ensure_tiny_model(source.tiny, models_dir), None
        case FolderSource():
            return _existing(source.folder), None
        case FileSource():
            return _existing(source.file), None
        case HubSource():
            return _download(source)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise Failure(StepErrorCode.MODEL_UNAVAILABLE, f"The model's files are missing: {path.name}")
    return path


def _download(source: HubSource) -> tuple[Path, str]:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = Path(
            snapshot_download(source.repo, revision=source.revision, allow_patterns=list(source.files) or None)
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise Failure(
            StepErrorCode.MODEL_UNAVAILABLE,
            f"{source.repo} could not be downloaded: {type(error).__name__}",
            retryable=True,
        ) from error
    return folder, folder.name


def weights_digest(path: Path, cache: Path) -> str:
    """Return the SHA-256 of the weights. Hashing a large model takes half a minute, so results are cached.

    The JSON file `cache` maps path, size and modification time of a file to its digest.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.safetensors"))
    digests = {str(file.relative_to(path)) if path.is_dir() else "": _digest(file, cache) for file in files}
    if path.is_file():
        return digests[""]
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def _digest(file: Path, cache: Path) -> str:
    status = file.stat()
    key = f"{file.resolve()}:{status.st_size}:{status.st_mtime_ns}"
    known: dict[str, str] = json.loads(cache.read_text()) if cache.exists() else {}
    if key not in known:
        known[key] = _hash(file)
        cache.parent.mkdir(parents=True, exist_ok=True)
        draft = cache.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(known))
        draft.replace(cache)
    return known[key]


def _hash(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
