"""Archives of assets: the names of their files, and the interface to what packs them."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from platform_api.domain.assets.asset import Asset

MAX_ASSETS = 200
MAX_SLUG = 60
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
        """Yield the archive; raises `OSError` if an object cannot be read."""
        ...


class Archives(Protocol):
    """Packs archives without compression: images and videos are compressed already."""

    async def missing(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return the entries whose object does not exist with its size; raises `OSError`."""
        ...

    def archive(self, entries: Sequence[Entry]) -> Archive: ...


def entry_of(asset: Asset, suffix: str) -> Entry:
    """Return the entry of an asset. Its name starts with the prompt, and is unique by the id."""
    prompt = unicodedata.normalize("NFC", asset.recipe.prompt if asset.recipe else "")
    slug = "-".join(_WORD.findall(prompt.lower()))[:MAX_SLUG].strip("-")
    name = f"{slug}-{asset.id}" if slug else asset.id
    return Entry(f"{name}.{suffix}", asset.object_key, asset.size_bytes)
