"""Packs objects of the object store into ZIP archives, with a chunk of one object in memory at a time."""

from collections.abc import Iterator, Sequence

import obstore
from darkroom_chassis.object_store import open_object_store
from obstore.store import ObjectStore
from zipstream import ZIP_STORED, ZipStream

from platform_api.clients.objects import CHUNK_BYTES, WITH_MISSING, outages
from platform_api.domain.assets.archive import Entry


class StoredZip:
    """Implements `Archive`. Its size is known beforehand, because nothing is compressed."""

    def __init__(self, store: ObjectStore, entries: Sequence[Entry]) -> None:
        self._zip = ZipStream(compress_type=ZIP_STORED, sized=True)
        for entry in entries:
            self._zip.add(_content(store, entry), entry.name, size=entry.size_bytes)

    @property
    def size_bytes(self) -> int:
        return len(self._zip)

    def chunks(self) -> Iterator[bytes]:
        yield from self._zip


class ZipArchives:
    """Implements `Archives` for any obstore URL."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore = open_object_store(url)

    def archive(self, entries: Sequence[Entry]) -> StoredZip:
        return StoredZip(self._store, entries)


def _content(store: ObjectStore, entry: Entry) -> Iterator[bytes]:
    """Yield an object. If it has changed since its size was checked, the archive ends early and the download fails."""
    with outages("did not return an object", WITH_MISSING):
        for chunk in obstore.get(store, entry.object_key).stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)
