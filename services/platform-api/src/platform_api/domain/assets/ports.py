"""What assets need of the outside world."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from darkroom_schemas.ids import AssetId, JobId, UserId

from platform_api.domain.assets.asset import Asset
from platform_api.domain.assets.filters import AssetFilter


@dataclass(frozen=True, slots=True)
class AssetPage:
    """Newest first; `cursor` continues after the last item."""

    assets: tuple[Asset, ...]
    cursor: AssetId | None
    total: int
    total_is_exact: bool = True


class AssetReads(Protocol):
    """Reads of assets."""

    async def get(self, asset_id: AssetId) -> Asset | None: ...

    async def page(
        self, user_id: UserId, where: AssetFilter, *, limit: int, before: AssetId | None, offset: int
    ) -> AssetPage: ...


class AssetRemoval(Protocol):
    """Removes assets for good: their rows and events at once, their bytes soon after, whatever crashes in between."""

    async def remove(self, asset_id: AssetId, user_id: UserId) -> bool:
        """Return whether the user had such an asset."""
        ...

    async def step_types(self) -> list[str]:
        """Name the types of the steps that made the assets there are."""
        ...

    async def remove_older(self, step_type: str, than: datetime, *, limit: int) -> int:
        """Remove the oldest of what such steps made before that moment, and return how many assets that were."""
        ...


class ObjectDeletions(Protocol):
    """The objects whose bytes are to be deleted."""

    def batch(self, limit: int) -> AbstractAsyncContextManager[Sequence[str]]:
        """Take keys that no other replica has taken; they are forgotten if the block ends well, else tried later."""
        ...


class OrphanScans(Protocol):
    """The jobs whose objects are to be looked over."""

    def batch(self, limit: int) -> AbstractAsyncContextManager[Mapping[JobId, Collection[str]]]:
        """Take jobs that have ended and that no other replica has taken, with the keys that their assets refer to.

        They are forgotten if the block ends well, else taken again a day later.
        """
        ...


class Folders(Protocol):
    """Lists and deletes what is stored for a job."""

    async def keys(self, folder: str, *, stored_before: datetime) -> list[str]:
        """Name what was stored in a folder before that moment; raises `OSError` as `delete` does."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete the objects that there are; raises `OSError` while the store refuses or does not answer."""
        ...


class Objects(Protocol):
    """Reads and deletes stored bytes."""

    async def size(self, key: str) -> int | None:
        """Return the size in bytes, or None if there is no such object."""
        ...

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to, not including, `end`."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete the objects that there are; raises `OSError` while the store refuses or does not answer."""
        ...
