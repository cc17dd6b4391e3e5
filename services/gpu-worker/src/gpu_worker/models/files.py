"""Locates the files of a model on this machine and checks that its family can load them. Downloads nothing."""

from dataclasses import dataclass
from pathlib import Path

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import WeightsRef

from gpu_worker.domain.failures import Failure
from gpu_worker.models.digests import Check, weights_digest
from gpu_worker.models.families import family_of
from gpu_worker.models.hub_cache import snapshot
from gpu_worker.models.inspect_file import brings_own_vae, inspect_checkpoint
from gpu_worker.models.inspect_folder import has_weights, inspect_component, inspect_folder
from gpu_worker.models.registry import (
    FileSource,
    FolderSource,
    HubSource,
    ModelEntry,
    Source,
    TinySource,
    WeightType,
    describe,
)
from gpu_worker.models.safetensors_file import NotUsable
from gpu_worker.models.tiny.build import ensure_tiny_model


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


def find_model(entry: ModelEntry, models_dir: Path, check: Check = lambda: None) -> ModelFiles:
    """Return the files of a model; builds those of a tiny one. `check` may raise while weights are hashed.

    Raises a MODEL_UNAVAILABLE Failure, which names the file and says what it is, if the family cannot load them, if
    they are not here, or if their hash is not that of the entry.
    """
    entry = with_own_vae(entry)
    try:
        path = _path(entry.source, models_dir)
        vae = None if entry.vae is None else _path(entry.vae, models_dir)
        require_usable(entry, path, vae)
        digest = weights_digest(path, models_dir / "digests.json", check)
    except NotUsable as error:
        raise Failure(StepErrorCode.MODEL_UNAVAILABLE, str(error)) from error
    except OSError as error:
        reason = f"its files cannot be read: {error.strerror or type(error).__name__}"
        raise Failure(StepErrorCode.MODEL_UNAVAILABLE, reason) from error
    if entry.sha256 not in (None, digest):
        raise Failure(
            StepErrorCode.MODEL_UNAVAILABLE, f"The weights are not those of the model list: sha256 is {digest}"
        )
    source = describe(entry.source)[1]
    revision = path.name if isinstance(entry.source, HubSource) else None
    if vae is None or entry.vae is None:
        return ModelFiles(path, None, source, revision, digest)
    vae_source = describe(entry.vae)[1]
    vae_revision = vae.name if isinstance(entry.vae, HubSource) else None
    vae_digest = weights_digest(vae, models_dir / "digests.json", check)
    vae_ref = WeightsRef(source=vae_source, revision=vae_revision, sha256=vae_digest)
    return ModelFiles(path, vae, f"{source} with the VAE {vae_source}", revision, digest, vae_ref)


def require_usable(entry: ModelEntry, path: Path, vae: Path | None) -> None:
    """Raise NotUsable unless the entry's family can load the files at `path`, and its VAE."""
    half, family = entry.dtype is WeightType.FLOAT16, family_of(entry.family)
    if path.is_file() or isinstance(entry.source, FileSource):
        found = inspect_checkpoint(path, family)
        if not found.has_vae and entry.vae is None:
            raise NotUsable(f"{path.name} is {found.kind.value} without a VAE: give its entry a `vae`")
    else:
        variant = getattr(entry.source, "variant", None)
        without = () if entry.vae is None else ("vae",)
        inspect_folder(path, family, variant=variant, half=half, without=without)
    if vae is not None and entry.vae is not None:
        inspect_component(vae, variant=entry.vae.variant, half=half)


def with_own_vae(entry: ModelEntry) -> ModelEntry:
    """Return the entry without its VAE if it is a single-file checkpoint that brings its own."""
    if entry.vae is None or not isinstance(entry.source, FileSource):
        return entry
    is_own = brings_own_vae(entry.source.file, family_of(entry.family))
    return entry.model_copy(update={"vae": None}) if is_own else entry


def with_checkpoint(entry: ModelEntry, source: FolderSource | FileSource) -> ModelEntry:
    """Return an entry with the weights of an operator's checkpoint, and with the entry's VAE if it has none."""
    changed = entry.model_copy(update={"source": source, "sha256": None})
    if isinstance(source, FolderSource) and has_weights(source.folder / "vae"):
        return changed.model_copy(update={"vae": None})
    return with_own_vae(changed)


def fault_of(entry: ModelEntry, models_dir: Path) -> str | None:
    """Return why the files of a model cannot be loaded; None if they can, or are still to be downloaded or built."""
    entry = with_own_vae(entry)
    path = local_path(entry.source, models_dir)
    if path is None or isinstance(entry.source, HubSource):
        return None
    try:
        require_usable(entry, path, None if entry.vae is None else local_path(entry.vae, models_dir))
    except NotUsable as error:
        return str(error)
    return None


def local_path(source: Source, models_dir: Path) -> Path | None:
    """Return where the files of a source are or should be, None if they are still to be downloaded or built."""
    match source:
        case HubSource():
            return snapshot(source)
        case FolderSource(folder=path) | FileSource(file=path):
            return path
        case TinySource(tiny=architecture):
            built = sorted((models_dir / "tiny").glob(f"{architecture}-*"))
            return built[-1] if built else None


def _path(source: Source, models_dir: Path) -> Path:
    match source:
        case TinySource():
            return ensure_tiny_model(source.tiny, models_dir)
        case HubSource():
            folder = snapshot(source)
            if folder is None:
                raise NotUsable(f"{source.repo} is not downloaded: run `darkroom models pull`")
            return folder
        case FolderSource(folder=path) | FileSource(file=path):
            return path
