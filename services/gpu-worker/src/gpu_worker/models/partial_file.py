"""The part of a file that has been downloaded so far, with its digest."""

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from gpu_worker.models.transfer import Cancellation

_CHUNK = 16 * 1024 * 1024
_SHA256_CHARS = 64


class PartialFile:
    """An open file that grows by `write`. What it holds already is hashed when it is opened.

    `etag` is the expected digest: a SHA-256, or the hash that Git gives a file (SHA-1 of its length and content).
    """

    def __init__(self, path: Path, size_bytes: int, etag: str, cancellation: Cancellation) -> None:
        self._path, self._size_bytes, self._etag = path, size_bytes, etag
        self._file = path.open("ab+")
        self._start_digest()
        self.done = 0
        if path.stat().st_size > size_bytes:
            self.restart()
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            cancellation.check()
            self._digest.update(chunk)
            self.done += len(chunk)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def is_complete(self) -> bool:
        """Return whether all bytes have come; too many count as complete, and have another digest."""
        return self.done >= self._size_bytes

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self._file.write(chunk)
        self._digest.update(chunk)
        self.done += len(chunk)

    def restart(self) -> None:
        """Drop all bytes."""
        self._file.truncate(0)
        self._start_digest()
        self.done = 0

    def finish(self, target: Path) -> str:
        """Rename the complete file to `target` if its digest is the expected one, else remove it; return the digest."""
        self._file.flush()
        os.fsync(self._file.fileno())
        found = self._digest.hexdigest()
        if found == self._etag:
            os.replace(self._path, target)
        else:
            self._path.unlink()
        return found

    def _start_digest(self) -> None:
        if len(self._etag) == _SHA256_CHARS:
            self._digest = hashlib.sha256()
        else:
            self._digest = hashlib.sha1(f"blob {self._size_bytes}\0".encode(), usedforsecurity=False)
