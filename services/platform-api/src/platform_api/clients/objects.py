"""Reads, writes, lists and deletes the bytes of assets in the object store."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from darkroom_chassis.object_store import open_object_store
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

from platform_api.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    from obstore.store import RetryConfig

CHUNK_BYTES = 256 * 1024


WITH_MISSING = (BaseError, FileNotFoundError)
"""For writes, the second is obstore's error for a bucket that does not exist."""


@contextmanager
def outages(what: str, errors: tuple[type[Exception], ...] = (BaseError,)) -> Iterator[None]:
    """Raise `StoreUnavailable`, with what the object store did, for these errors."""
    try:
        yield
    except errors as error:
        raise StoreUnavailable(f"the object store {what}: {type(error).__name__}") from error


class StoredObjects:
    """Implements `Objects`, `UploadObjects` and `Folders` for any obstore URL. A missing local folder is created."""

    def __init__(self, url: str, *, retry: "RetryConfig | None" = None) -> None:
        self._store: ObjectStore = open_object_store(url, retry=retry)

    async def size(self, key: str) -> int | None:
        with outages("does not answer"):
            try:
                return (await obstore.head_async(self._store, key))["size"]
            except FileNotFoundError:
                return None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        if start == end:
            return
        with outages("did not return an object"):
            found = await obstore.get_async(self._store, key, options={"range": (start, end)})
            async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    async def write(self, key: str, content: Path | bytes, mime_type: str) -> None:
        attributes = {} if isinstance(self._store, LocalStore) else {"Content-Type": mime_type}
        with outages("rejected an object", WITH_MISSING):
            await obstore.put_async(self._store, key, content, attributes=attributes)

    async def keys(self, folder: str, *, stored_before: datetime) -> list[str]:
        found = []
        with outages("rejected a listing"):
            async for page in obstore.list(self._store, prefix=f"{folder}/"):
                found += [each["path"] for each in page if each["last_modified"] < stored_before]
        return found

    async def delete(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        with outages("rejected a deletion"):
            try:
                await obstore.delete_async(self._store, list(keys))
            except FileNotFoundError:
                # A local store stops at the first missing key and skips the rest: delete one by one.
                for key in keys:
                    with suppress(FileNotFoundError):
                        await obstore.delete_async(self._store, key)
