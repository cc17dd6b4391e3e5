"""Reads the bytes of assets from the object store."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import ObjectStore, from_url

CHUNK_BYTES = 256 * 1024


class ObjectReader:
    """Implements `Objects` on any store that obstore has a URL for; a local folder is made if it is missing."""

    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme == "file":
            Path(unquote(urlsplit(url).path)).mkdir(parents=True, exist_ok=True)
        self._store: ObjectStore = from_url(url)

    async def size(self, key: str) -> int | None:
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            return None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        for offset in range(start, end, CHUNK_BYTES):
            length = min(CHUNK_BYTES, end - offset)
            yield bytes(await obstore.get_range_async(self._store, key, start=offset, length=length))
