"""The object store: a folder, S3, Google Cloud Storage or Azure, chosen by URL."""

import asyncio
import hashlib
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import obstore
from darkroom_schemas.errors import StepErrorCode
from obstore.exceptions import BaseError
from obstore.store import ObjectStore as Store
from obstore.store import from_url
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import StoredObject
from gpu_worker.metrics import UPLOADED_BYTES

_ATTEMPTS = 4
_LONGEST_PAUSE_S = 10.0
_CHUNK = 4 * 1024 * 1024


def open_store(url: str) -> Store:
    """Open a store; creates the folder of a `file:` URL."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        Path(url2pathname(parts.path)).mkdir(parents=True, exist_ok=True)
    return from_url(url)


class ObjectUploads:
    """Implements the `ObjectStore` port. An upload is tried up to 4 times with random exponential backoff."""

    def __init__(self, store: Store, *, longest_pause_s: float = _LONGEST_PAUSE_S) -> None:
        self._store = store
        self._longest_pause_s = longest_pause_s

    async def check(self) -> None:
        """Raise if the store does not answer."""
        await asyncio.to_thread(self._store.list(prefix="readiness").collect)

    async def put(self, key: str, path: Path, mime_type: str) -> StoredObject:
        """Upload a file; an object under the same key is replaced."""
        digest, size = await asyncio.to_thread(_measure, path)
        attributes = {} if isinstance(self._store, obstore.store.LocalStore) else {"Content-Type": mime_type}
        retrying = AsyncRetrying(
            retry=retry_if_exception_type((BaseError, OSError)),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(max=self._longest_pause_s),
            reraise=True,
        )
        try:
            async for attempt in retrying:
                with attempt:
                    await obstore.put_async(self._store, key, path, attributes=attributes)
        except (BaseError, OSError) as error:
            raise Failure(
                StepErrorCode.STORAGE, f"The object store refused an output: {type(error).__name__}", retryable=True
            ) from error
        UPLOADED_BYTES.inc(size)
        return StoredObject(size, digest)

    async def delete(self, key: str) -> None:
        """Delete an object if it is there."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            sentence = f"The object store refused a deletion: {type(error).__name__}"
            raise Failure(StepErrorCode.STORAGE, sentence, retryable=True) from error


def _measure(path: Path) -> tuple[str, int]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest(), file.tell()
