"""Signed links to outputs in the object store, and their bytes."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import obstore
from darkroom_chassis.object_store import open_object_store
from obstore.store import ObjectStore

from queue_api.domain.ports import OUTPUTS_PATH

LIFETIME_S = 24 * 3600
ROUNDED_TO_S = 3600
CHUNK_BYTES = 256 * 1024


class SignedOutputs:
    """Implements `OutputReader`. Without an object store or a secret there are no links."""

    def __init__(self, store_url: str | None, secret: str | None, public_url: str) -> None:
        self._secret, self._base = secret, public_url.rstrip("/")
        self._store: ObjectStore | None = None if store_url is None else open_object_store(store_url)

    def url(self, key: str) -> str | None:
        if self._secret is None or self._store is None:
            return None
        seconds = int(time.time()) + LIFETIME_S
        expires = seconds + -seconds % ROUNDED_TO_S  # a full hour, so that browsers can cache the link
        asked = urlencode({"key": key, "expires": expires, "signature": self._sign(key, expires)})
        return f"{self._base}{OUTPUTS_PATH}?{asked}"

    def allows(self, key: str, expires: int, signature: str) -> bool:
        if self._secret is None:
            return False
        is_valid = hmac.compare_digest(self._sign(key, expires).encode(), signature.encode())
        return is_valid and time.time() < expires

    async def open(self, key: str) -> tuple[int, AsyncIterator[bytes]] | None:
        if self._store is None:
            return None
        try:
            found = await obstore.get_async(self._store, key)
        except FileNotFoundError:
            return None
        return found.meta["size"], _chunks(found.stream(min_chunk_size=CHUNK_BYTES))

    def _sign(self, key: str, expires: int) -> str:
        return hmac.new((self._secret or "").encode(), f"output\n{key}\n{expires}".encode(), hashlib.sha256).hexdigest()


async def _chunks(stream: AsyncIterator[object]) -> AsyncIterator[bytes]:
    async for chunk in stream:
        yield bytes(chunk)  # type: ignore[call-overload]  # obstore's buffers have the buffer protocol
