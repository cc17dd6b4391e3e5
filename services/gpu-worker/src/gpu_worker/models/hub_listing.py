"""The files of a repository at a commit: sizes and digests, as the hub lists them."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from gpu_worker.models.hub_cache import COMMIT, snapshot
from gpu_worker.models.registry import HubSource
from gpu_worker.models.variants import choose_variant, variant_in

_DEFAULT_PATTERNS = ("*.json", "*.txt", "*.model", "*.jinja", "*.safetensors")
_WEIGHTS = ".safetensors"
_MAX_FILES = 10_000
_ETAG = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file. `etag` names it in the cache: its SHA-256 if it is large, else its Git hash."""

    path: str
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All files of a repository at a commit."""

    commit: str
    files: tuple[ListedFile, ...]


def fetch_listing(source: HubSource) -> Listing:
    """Ask the hub for the commit of a revision and its files. Raises the errors of huggingface_hub and of HTTP."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    api = HfApi()
    commit = source.revision
    if not COMMIT.fullmatch(commit):
        found = api.repo_info(source.repo, revision=source.revision).sha
        if found is None or not COMMIT.fullmatch(found):
            raise ValueError(f"{source.repo}: the hub names no commit for {source.revision!r}")
        commit = found
    files: list[ListedFile] = []
    for entry in api.list_repo_tree(source.repo, recursive=True, revision=commit):
        if isinstance(entry, RepoFile) and _is_safe(entry.path):
            etag = entry.blob_id if entry.lfs is None else entry.lfs.sha256
            if not _ETAG.fullmatch(etag):  # it becomes the name of a file
                raise ValueError(f"{source.repo}: the hub lists {entry.path} with {etag[:80]!r} in place of a digest")
            files.append(ListedFile(entry.path, entry.size, etag))
        if len(files) >= _MAX_FILES:
            raise ValueError(f"{source.repo} has more than {_MAX_FILES} files")
    return Listing(commit, tuple(files))


def _is_safe(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts


def wanted(listing: Listing, source: HubSource, *, half: bool, without: Collection[str] = ()) -> list[ListedFile]:
    """Return the files to download: those of the source's patterns, and of weights one variant of each component.

    Weights of components `without` are left out. Where there is a `model_index.json`, so are weights beside it: these
    hold the whole model once more.
    """
    patterns = source.files or _DEFAULT_PATTERNS
    files = [file for file in listing.files if any(fnmatch(file.path, pattern) for pattern in patterns)]
    is_pipeline = any(file.path == "model_index.json" for file in listing.files)
    weights: dict[str, list[ListedFile]] = {}
    others: list[ListedFile] = []
    for file in files:
        folder, _, _ = file.path.rpartition("/")
        if not file.path.endswith(_WEIGHTS):
            others.append(file)
        elif not (is_pipeline and not folder) and folder.partition("/")[0] not in without:
            weights.setdefault(folder, []).append(file)
    for found in weights.values():
        others += _of_one_variant(found, source.variant, half=half)
    return sorted(others, key=lambda file: (file.size_bytes, file.path))


def _of_one_variant(files: Sequence[ListedFile], stated: str | None, *, half: bool) -> list[ListedFile]:
    names = {file: file.path.rpartition("/")[2] for file in files}
    variant = choose_variant(names.values(), stated, half=half)
    return [file for file in files if variant_in(names[file]) == variant]


def known_listing(source: HubSource, models_dir: Path) -> Listing | None:
    """Return the listing of what is downloaded, or of the commit that the source pins, if it was kept."""
    folder = snapshot(source)
    commit = source.revision if folder is None else folder.name
    try:
        content = json.loads(_place(source.repo, commit, models_dir).read_text())
        return Listing(content["commit"], tuple(ListedFile(**file) for file in content["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_listing(source: HubSource, listing: Listing, models_dir: Path) -> None:
    """Keep a listing, to know without the hub which files belong to a model."""
    place = _place(source.repo, listing.commit, models_dir)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(listing)))
    draft.replace(place)


def _place(repo: str, commit: str, models_dir: Path) -> Path:
    return models_dir / "listings" / f"{repo.replace('/', '--')}@{commit.replace('/', '--')}.json"
