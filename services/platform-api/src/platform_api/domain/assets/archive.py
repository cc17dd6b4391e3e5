"""Archives of assets: the names of their files, and the interface to what packs them."""

import asyncio
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from darkroom_schemas.ids import AssetId

from platform_api.domain.assets.asset import Asset
from platform_api.domain.assets.ports import Objects

MAX_ASSETS = 200
MAX_SLUG = 60
_AT_ONCE = 16
"""Objects that the store is asked about at the same time."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive: its name, and the object that is its content."""

    name: str
    object_key: str
    size_bytes: int


class Archive(Protocol):
    """An archive that is packed while it is read, once. `chunks` blocks on the object store."""

    @property
    def size_bytes(self) -> int: ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the archive; raises `StoreUnavailable` if an object cannot be read."""
        ...


class Archives(Protocol):
    """Packs archives without compression: images and videos are compressed already."""

    def archive(self, entries: Sequence[Entry]) -> Archive: ...


async def missing(entries: Mapping[AssetId, Entry], objects: Objects) -> list[AssetId]:
    """Return the assets whose object does not exist with its size; raises `StoreUnavailable`."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def size(key: str) -> int | None:
        async with places:
            return await objects.size(key)

    sizes = await asyncio.gather(*(size(entry.object_key) for entry in entries.values()))
    pairs = zip(entries.items(), sizes, strict=True)
    return [asset_id for (asset_id, entry), stored in pairs if stored != entry.size_bytes]


def entry_of(asset: Asset, suffix: str) -> Entry:
    """Return the entry of an asset. Its name starts with the prompt, and is unique by the id."""
    prompt = unicodedata.normalize("NFC", asset.recipe.prompt if asset.recipe else "")
    slug = "-".join(_WORD.findall(prompt.lower()))[:MAX_SLUG].strip("-")
    name = f"{slug}-{asset.id}" if slug else asset.id
    return Entry(f"{name}.{suffix}", asset.object_key, asset.size_bytes)
