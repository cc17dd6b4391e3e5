"""What of a model is stored on this machine: sizes, damage, and how it is removed."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gpu_worker.domain.failures import Failure
from gpu_worker.models.digests import Check, hash_file, weights_digest, weights_of
from gpu_worker.models.families import family_of
from gpu_worker.models.files import fault_of, find_model, with_own_vae
from gpu_worker.models.hub_cache import blob_sha256, repo_folder, snapshot
from gpu_worker.models.hub_listing import ListedFile, known_listing, wanted
from gpu_worker.models.inspect_folder import inspect_component, inspect_folder
from gpu_worker.models.registry import FileSource, FolderSource, HubSource, ModelEntry, TinySource, WeightType
from gpu_worker.models.safetensors_file import NotUsable, read_weights_file

_CHUNK = 16 * 1024 * 1024
_SHA256_CHARS = 64


class Stored(StrEnum):
    """Whether a model can be loaded from what is on this machine."""

    READY = "ready"
    TO_DOWNLOAD = "to download"
    TO_BUILD = "to build"
    UNUSABLE = "cannot be loaded"


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what it should be."""

    path: Path
    reason: str


class NotRemovable(Exception):
    """A model's files are the operator's own; the message names them."""


def stored_state(entry: ModelEntry, models_dir: Path) -> tuple[Stored, str]:
    """Return whether a model is here, and why it cannot be loaded if so. Hashes nothing that is not hashed yet."""
    fault = fault_of(entry, models_dir)
    if fault is not None:
        return Stored.UNUSABLE, fault
    if isinstance(entry.source, TinySource):
        built = sorted((models_dir / "tiny").glob(f"{entry.source.tiny}-*"))
        return (Stored.READY if built else Stored.TO_BUILD), ""
    hub = [source for source in _sources(entry) if isinstance(source, HubSource)]
    complete = all(_is_complete(source, entry, models_dir) for source in hub)
    return (Stored.READY if complete else Stored.TO_DOWNLOAD), ""


def verify(entry: ModelEntry, models_dir: Path, check: Check = lambda: None) -> list[Damage]:
    """Read every file of a model and return those that are damaged; a file that is not here yet is none.

    Files of the hub must have the digests that name them. Of an operator's own files the headers are read, and the
    hash is compared if the entry states one.
    """
    damaged: list[Damage] = []
    for source in _sources(entry):
        match source:
            case HubSource():
                damaged += _verify_snapshot(source, models_dir, check)
            case FolderSource(folder=path) | FileSource(file=path):
                damaged += _verify_headers(path)
            case TinySource():
                pass
    if not damaged and entry.sha256 is not None and stored_state(entry, models_dir)[0] is Stored.READY:
        damaged += _verify_hash(entry, models_dir, check)
    return damaged


def remove(name: str, models: Mapping[str, ModelEntry], models_dir: Path) -> int:
    """Remove the downloads or the built folder of a model; return the bytes that were freed.

    Repositories that another model of the profile uses stay. Raises NotRemovable for an operator's own files.
    """
    entry = models[name]
    if isinstance(entry.source, (FolderSource, FileSource)):
        path = entry.source.folder if isinstance(entry.source, FolderSource) else entry.source.file
        raise NotRemovable(f"{name} comes from {path}, which is yours: remove it yourself")
    if isinstance(entry.source, TinySource):
        return sum(_remove(folder) for folder in (models_dir / "tiny").glob(f"{entry.source.tiny}-*"))
    others = {
        source.repo
        for other, another in models.items()
        if other != name
        for source in (another.source, another.vae)
        if isinstance(source, HubSource)
    }
    mine = {source.repo for source in (entry.source, entry.vae) if isinstance(source, HubSource)}
    freed = _remove_copies(entry, models_dir)
    for repo in sorted(mine - others):
        freed += _remove(repo_folder(repo))
        shutil.rmtree(repo_folder(repo).parent / ".locks" / repo_folder(repo).name, ignore_errors=True)
        for listing in (models_dir / "listings").glob(f"{repo.replace('/', '--')}@*.json"):
            listing.unlink()
    return freed


def _remove_copies(entry: ModelEntry, models_dir: Path) -> int:
    """Remove the copies of a model's parts in the format that they compute in; see `copies_of`."""
    folder = snapshot(entry.source) if isinstance(entry.source, HubSource) else None
    return 0 if folder is None else _remove(copies_of(weights_digest(folder, models_dir / "digests.json"), models_dir))


def copies_of(sha256: str, models_dir: Path) -> Path:
    """Return the folder with the copies of a model's parts; `sha256` is that of the model's weights."""
    return models_dir / "copies" / sha256


def stored_bytes(entry: ModelEntry, models_dir: Path) -> int:
    """Return the bytes on disk of a model, parts of downloads included."""
    total = 0
    for source in _sources(entry):
        match source:
            case HubSource():
                total += _size(repo_folder(source.repo) / "blobs")
            case FolderSource(folder=path) | FileSource(file=path):
                total += _size(path)
            case TinySource():
                total += sum(_size(path) for path in (models_dir / "tiny").glob(f"{source.tiny}-*"))
    return total


def _sources(entry: ModelEntry) -> list[HubSource | FolderSource | FileSource | TinySource]:
    vae = with_own_vae(entry).vae
    return [entry.source] if vae is None else [entry.source, vae]


def _wanted(source: HubSource, entry: ModelEntry, models_dir: Path) -> list[ListedFile] | None:
    listing = known_listing(source, models_dir)
    if listing is None:
        return None
    without = ("vae",) if source is entry.source and entry.vae is not None else ()
    return wanted(listing, source, half=entry.dtype is WeightType.FLOAT16, without=without)


def _is_complete(source: HubSource, entry: ModelEntry, models_dir: Path) -> bool:
    folder = snapshot(source)
    files = _wanted(source, entry, models_dir)
    if folder is None:
        return False
    if files is not None:
        return all((folder / file.path).exists() for file in files)
    half = entry.dtype is WeightType.FLOAT16
    try:
        if source is entry.source:
            without = () if entry.vae is None else ("vae",)
            inspect_folder(folder, family_of(entry.family), variant=source.variant, half=half, without=without)
        else:
            inspect_component(folder, variant=source.variant, half=half)
    except NotUsable:
        return False
    return True


def _verify_snapshot(source: HubSource, models_dir: Path, check: Check) -> list[Damage]:
    folder = snapshot(source)
    if folder is None:
        return []
    listing = known_listing(source, models_dir)
    listed = {file.path: file for file in listing.files} if listing is not None else {}
    damaged = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not path.exists():
            damaged.append(Damage(path, "the cache lacks its content"))
        elif path.is_file():
            file = listed.get(str(path.relative_to(folder)))
            digest = blob_sha256(path) if file is None else file.etag
            if digest is not None and _digest_as(path, digest, check) != digest:
                damaged.append(Damage(path, "its content is not that of its digest"))
    return damaged


def _digest_as(path: Path, digest: str, check: Check) -> str:
    if len(digest) == _SHA256_CHARS:
        return hash_file(path, check)
    git = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as content:
        while chunk := content.read(_CHUNK):
            check()
            git.update(chunk)
    return git.hexdigest()


def _verify_headers(path: Path) -> list[Damage]:
    damaged = []
    for file in [path] if not path.is_dir() else weights_of(path):
        try:
            read_weights_file(file)
        except NotUsable as error:
            damaged.append(Damage(file, str(error)))
    return damaged


def _verify_hash(entry: ModelEntry, models_dir: Path, check: Check) -> list[Damage]:
    try:
        files = find_model(entry, models_dir, check)
    except Failure as failure:
        return [Damage(models_dir, failure.message)]
    return [] if files.sha256 == entry.sha256 else [Damage(files.path, "its hash is not that of the model list")]


def _remove(folder: Path) -> int:
    size = _size(folder)
    if folder.exists():
        shutil.rmtree(folder)
    return size


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file() and not file.is_symlink())
