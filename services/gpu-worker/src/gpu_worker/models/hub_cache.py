"""Locates downloads in the cache of Hugging Face (https://huggingface.co/docs/huggingface_hub/guides/manage-cache).

A repository's folder has `refs/<revision>` with a commit, `snapshots/<commit>` with links to the files, and `blobs`,
whose names are the SHA-256 of large files and the Git hash of small ones.
"""

import re
from importlib.util import find_spec
from pathlib import Path

from gpu_worker.models.registry import HubSource

_SHA256 = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}")


def hub_cache() -> Path:
    """Return the folder that Hugging Face caches downloads in."""
    if find_spec("huggingface_hub") is None:
        return Path.home() / ".cache" / "huggingface" / "hub"
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def repo_folder(repo: str) -> Path:
    """Return the folder of a repository; it need not exist."""
    return hub_cache() / f"models--{repo.replace('/', '--')}"


def snapshot(source: HubSource) -> Path | None:
    """Return the folder with the downloaded files of a source, which may be a part of them; None without any."""
    home = repo_folder(source.repo)
    named = home / "refs" / source.revision
    revision = named.read_text().strip() if named.is_file() else source.revision
    folder = home / "snapshots" / revision
    return folder if folder.is_dir() else None


def blob_sha256(file: Path) -> str | None:
    """Return the SHA-256 that the cache names a file by, None for a file that is not in the cache or is small."""
    blob = file.resolve()
    return blob.name if blob.parent.name == "blobs" and _SHA256.fullmatch(blob.name) else None
