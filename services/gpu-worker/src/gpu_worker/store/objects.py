"""The object store: a folder, S3, Google Cloud Storage or Azure, chosen by URL."""

import asyncio
import hashlib
import uuid
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from darkroom_chassis.logs import get_logger
from darkroom_chassis.object_store import open_object_store
from darkroom_schemas.errors import StepErrorCode
from obstore.exceptions import BaseError
from obstore.store import ObjectStore as Store
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_before_delay,
    wait_random_exponential,
)

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import StoredObject, StoreWatch
from gpu_worker.metrics import UPLOADED_BYTES, UPLOADS_REFUSED
from gpu_worker.store.refusals import reason_of

if TYPE_CHECKING:
    from obstore.store import RetryConfig

log = get_logger(__name__)
_PATIENCE_S, _LONGEST_PAUSE_S = 300.0, 30.0
_REFUSALS_BEFORE_HOLD = 2
_LARGEST_PROBE_BYTES = 16 * 1024 * 1024
_CHUNK = 4 * 1024 * 1024
# Requests are tried again here, where the reason becomes known, so the driver only smooths over short interruptions.
_DRIVER_RETRIES: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}


def open_store(url: str) -> Store:
    """Open a store for uploads."""
    return open_object_store(url, retry=_DRIVER_RETRIES)


class ObjectUploads:
    """Implements the `ObjectStore` port.

    A refused upload is tried again for `patience_s`, with random exponential pauses of at most `longest_pause_s`. The
    watch learns of the second refusal of an upload, since a single one is common, of every upload that gives up, and of
    every success.
    """

    def __init__(
        self,
        store: Store,
        watch: StoreWatch,
        *,
        patience_s: float = _PATIENCE_S,
        longest_pause_s: float = _LONGEST_PAUSE_S,
    ) -> None:
        self._store = store
        self._watch = watch
        self._patience_s = patience_s
        self._longest_pause_s = longest_pause_s
        self._probe_key = f"readiness/{uuid.uuid4().hex}"
        self._refused_bytes = 0

    async def check(self) -> None:
        """Raise if the store does not answer."""
        await asyncio.to_thread(self._store.list(prefix="readiness").collect)

    async def probe(self) -> None:
        """Write an object as large as the last refused one (at most 16 MiB) and delete it; raises a STORAGE Failure."""
        try:
            await obstore.put_async(self._store, self._probe_key, bytes(self._refused_bytes))
        except (BaseError, OSError) as error:
            raise _failure(error) from error
        finally:
            with suppress(Failure):  # what is left of it is replaced by the next probe
                await self.delete(self._probe_key)

    async def put(self, key: str, path: Path, mime_type: str) -> StoredObject:
        """Upload a file; an object under the same key is replaced."""
        digest, size = await asyncio.to_thread(_measure, path)
        attributes = {} if isinstance(self._store, obstore.store.LocalStore) else {"Content-Type": mime_type}
        retrying = AsyncRetrying(
            retry=retry_if_exception_type((BaseError, OSError)),
            stop=stop_before_delay(self._patience_s),
            wait=wait_random_exponential(max=self._longest_pause_s),
            before_sleep=lambda attempt: self._refused(attempt, size),
            reraise=True,
        )
        try:
            async for attempt in retrying:
                with attempt:
                    await obstore.put_async(self._store, key, path, attributes=attributes)
        except (BaseError, OSError) as error:
            self._hold(reason_of(error), size)
            raise _failure(error) from error
        self._watch.accepted()
        UPLOADED_BYTES.inc(size)
        return StoredObject(size, digest)

    async def get(self, key: str, path: Path, max_bytes: int) -> StoredObject:
        """Write an object to a file. Raises LookupError if there is none, or if it is larger than `max_bytes`."""
        digest, size = hashlib.sha256(), 0
        try:
            found = await obstore.get_async(self._store, key)
            if found.meta["size"] > max_bytes:
                raise LookupError(f"is larger than {max_bytes:,} bytes")
            with path.open("wb") as file:
                async for part in found.stream(min_chunk_size=_CHUNK):
                    digest.update(part)
                    size += await asyncio.to_thread(file.write, part)
        except FileNotFoundError as error:
            raise LookupError("is not stored any more") from error
        except (BaseError, OSError) as error:
            sentence = f"The object store refused to read an input: {reason_of(error)}"
            raise Failure(StepErrorCode.STORAGE, sentence, retryable=True) from error
        return StoredObject(size, digest.hexdigest())

    def _refused(self, attempt: RetryCallState, size: int) -> None:
        error = attempt.outcome.exception() if attempt.outcome is not None else None
        reason = reason_of(error) if isinstance(error, Exception) else "unknown"
        UPLOADS_REFUSED.inc()
        log.warning(
            "The object store refused an output; its file is kept and uploaded again",
            reason=reason, refusals=attempt.attempt_number, next_s=round(attempt.upcoming_sleep, 1),
        )  # fmt: skip
        if attempt.attempt_number >= _REFUSALS_BEFORE_HOLD:
            self._hold(reason, size)

    def _hold(self, reason: str, size: int) -> None:
        self._refused_bytes = min(size, _LARGEST_PROBE_BYTES)
        self._watch.refused(reason)

    async def delete(self, key: str) -> None:
        """Delete an object if it is there."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            sentence = f"The object store refused a deletion: {reason_of(error)}"
            raise Failure(StepErrorCode.STORAGE, sentence, retryable=True) from error


def _failure(error: Exception) -> Failure:
    return Failure(StepErrorCode.STORAGE, f"The object store refused an output: {reason_of(error)}", retryable=True)


def _measure(path: Path) -> tuple[str, int]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest(), file.tell()
