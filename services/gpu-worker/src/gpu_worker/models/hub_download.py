"""Downloads files into Hugging Face's cache, and continues where an interrupted download ended.

huggingface_hub writes each download to a file of its own and removes it when it is interrupted, so an interrupted
download of 10 GB would start over. Here the part stays as `blobs/<etag>.incomplete` and is continued with a Range
request; the complete file is checked against its digest before it is linked into the snapshot.
"""

import os
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from gpu_worker import VERSION
from gpu_worker.models.hub_cache import COMMIT, repo_folder
from gpu_worker.models.hub_listing import ListedFile
from gpu_worker.models.partial_file import PartialFile
from gpu_worker.models.registry import HubSource
from gpu_worker.models.transfer import Cancellation, Report, Transfer

_READ_TIMEOUT_S = 30.0
_LOCK_POLL_S = 0.5
_ATTEMPTS_WITHOUT_DATA = 5
_FIRST_PAUSE_S = 1.0


class DamagedDownload(Exception):
    """The bytes that came are not those that the hub lists. The part was removed."""


def download(
    source: HubSource, commit: str, files: list[ListedFile], report: Report, cancellation: Cancellation
) -> Path:
    """Download what is missing of `files` and return the snapshot's folder.

    Raises Cancelled, DamagedDownload, OSError, and the errors of huggingface_hub and of HTTP.
    """
    home = repo_folder(source.repo)
    folder = home / "snapshots" / commit
    folder.mkdir(parents=True, exist_ok=True)
    (home / "blobs").mkdir(exist_ok=True)
    total, before = sum(file.size_bytes for file in files), 0
    for file in files:

        def on_bytes(done: int, file: ListedFile = file, before: int = before) -> None:
            report(Transfer(file.path, done, file.size_bytes, before + done, total))

        cancellation.check()
        blob = home / "blobs" / file.etag
        if not blob.exists():
            _fetch(source.repo, commit, file, blob, on_bytes, cancellation)
        _link(folder / file.path, blob)
        before += file.size_bytes
        on_bytes(file.size_bytes)
    if not COMMIT.fullmatch(source.revision):
        named = home / "refs" / source.revision
        named.parent.mkdir(parents=True, exist_ok=True)
        named.write_text(commit)
    return folder


def missing_bytes(source: HubSource, commit: str, files: list[ListedFile]) -> int:
    """Return what is still to be downloaded of these files."""
    blobs = repo_folder(source.repo) / "blobs"
    here = repo_folder(source.repo) / "snapshots" / commit
    return sum(
        file.size_bytes - _size(_part(blobs / file.etag))
        for file in files
        if not (blobs / file.etag).exists() and not (here / file.path).exists()
    )


def _fetch(
    repo: str,
    commit: str,
    file: ListedFile,
    blob: Path,
    on_bytes: Callable[[int], None],
    cancellation: Cancellation,
) -> None:
    """Download a file unless another process does; in that case wait for it. Both hold the lock of huggingface_hub."""
    locks = blob.parent.parent.parent / ".locks" / blob.parent.parent.name
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"{file.etag}.lock")
    while True:
        cancellation.check()
        try:
            lock.acquire(timeout=_LOCK_POLL_S)
            break
        except Timeout:
            on_bytes(_size(_part(blob)))
    try:
        if not blob.exists():
            with PartialFile(_part(blob), file.size_bytes, file.etag, cancellation) as part:
                _receive(repo, commit, file, part, on_bytes, cancellation)
                digest = part.finish(blob)
            if digest != file.etag:
                raise DamagedDownload(f"{file.path} of {repo} came with the digest {digest}, not {file.etag}")
    finally:
        lock.release()


def _receive(
    repo: str,
    commit: str,
    file: ListedFile,
    part: PartialFile,
    on_bytes: Callable[[int], None],
    cancellation: Cancellation,
) -> None:
    """Complete the part. A connection that breaks is opened again after a pause, five times without new bytes."""
    from httpx2 import TransportError

    failures = 0
    while not part.is_complete:
        before = part.done
        cancellation.check()
        try:
            _stream(repo, commit, file, part, on_bytes, cancellation)
            problem: Exception = DamagedDownload(f"{file.path} of {repo} ended after {part.done} bytes")
        except TransportError as error:
            problem = error
        if part.is_complete:
            return
        failures = 0 if part.done > before else failures + 1
        if failures == _ATTEMPTS_WITHOUT_DATA:
            raise problem
        cancellation.wait(_FIRST_PAUSE_S * 2 ** max(0, failures - 1))


def _stream(
    repo: str,
    commit: str,
    file: ListedFile,
    part: PartialFile,
    on_bytes: Callable[[int], None],
    cancellation: Cancellation,
) -> None:
    from huggingface_hub import constants, get_session, hf_raise_for_status

    headers = _headers()
    if part.done:
        headers["Range"] = f"bytes={part.done}-"
    url = f"{constants.ENDPOINT}/{repo}/resolve/{commit}/{quote(file.path)}"
    with get_session().stream("GET", url, headers=headers, timeout=_READ_TIMEOUT_S) as response:
        hf_raise_for_status(response)
        if part.done and response.status_code != HTTPStatus.PARTIAL_CONTENT:
            part.restart()
        for chunk in response.iter_bytes():  # as they come: pieces of a fixed size would be lost with the connection
            cancellation.check()
            part.write(chunk)
            on_bytes(part.done)


def _headers() -> dict[str, str]:
    from huggingface_hub import constants, get_token

    headers = {"User-Agent": f"darkroom-gpu-worker/{VERSION}", "Accept-Encoding": "identity"}
    token = None if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN else get_token()
    return headers if token is None else headers | {"Authorization": f"Bearer {token}"}


def _link(pointer: Path, blob: Path) -> None:
    """Link a file of the snapshot to its blob, relative as huggingface_hub does it."""
    if pointer.exists():
        return
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.unlink(missing_ok=True)  # a link whose blob was removed
    pointer.symlink_to(os.path.relpath(blob, pointer.parent))


def _part(blob: Path) -> Path:
    return blob.with_name(f"{blob.name}.incomplete")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
