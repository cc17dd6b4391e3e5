"""SHA-256 of weights. Hashing a large model takes half a minute, so results are kept in a file."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from gpu_worker.models.hub_cache import blob_sha256

_CHUNK = 16 * 1024 * 1024
_MAX_KNOWN = 4096

Check = Callable[[], None]
"""Called between parts of a file; raises to end the work."""


def weights_digest(path: Path, cache: Path, check: Check = lambda: None) -> str:
    """Return the SHA-256 of a single file, or that of the JSON object of a folder's weight files and their SHA-256.

    The JSON file `cache` maps path, size and modification time of a file to its digest. Files of Hugging Face's cache
    are named by their digest, so these are not read.
    """
    if path.is_file():
        return file_digest(path, cache, check)
    digests = {str(file.relative_to(path)): file_digest(file, cache, check) for file in weights_of(path)}
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def weights_of(folder: Path) -> list[Path]:
    """Return the weight files below a folder, sorted."""
    return sorted(folder.rglob("*.safetensors"))


def file_digest(file: Path, cache: Path, check: Check = lambda: None) -> str:
    """Return the SHA-256 of a file, from its name in Hugging Face's cache or from `cache` if it is known."""
    named = blob_sha256(file)
    if named is not None:
        return named
    status = file.stat()
    key = f"{file.resolve()}:{status.st_size}:{status.st_mtime_ns}"
    known = _read(cache).get(key)
    return known if known is not None else _keep(cache, key, hash_file(file, check))


def hash_file(file: Path, check: Check = lambda: None) -> str:
    """Read a file and return its SHA-256."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            check()
            digest.update(chunk)
    return digest.hexdigest()


def _read(cache: Path) -> dict[str, str]:
    try:
        known = json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _keep(cache: Path, key: str, digest: str) -> str:
    """Add a digest. Several workers share the file, so it is read and replaced under a lock."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(cache.with_suffix(".lock")):
        known = list((_read(cache) | {key: digest}).items())[-_MAX_KNOWN:]
        draft = cache.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(dict(known)))
        draft.replace(cache)
    return digest
