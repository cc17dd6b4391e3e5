"""Interfaces to the storage of assets."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from darkroom_schemas.ids import AssetId, JobId, UserId

from platform_api.domain.assets.asset import Asset, Origin
from platform_api.domain.assets.filters import AssetFilter


@dataclass(frozen=True, slots=True)
class AssetPage:
    """One page, newest first; `cursor` continues after the last item."""

    assets: tuple[Asset, ...]
    cursor: AssetId | None
    total: int
    total_is_exact: bool = True


@dataclass(frozen=True, slots=True)
class AssetDay:
    """A day on which `count` assets were created."""

    day: date
    count: int


class AssetReads(Protocol):
    """Reads of assets."""

    async def get(self, asset_id: AssetId) -> Asset | None: ...

    async def some(self, user_id: UserId, asset_ids: Collection[AssetId]) -> list[Asset]:
        """Return those of the assets that the user has, in no order."""
        ...

    async def origin(self, asset: Asset) -> Origin:
        """Return the step that produced the asset."""
        ...

    async def page(
        self, user_id: UserId, where: AssetFilter, *, limit: int, before: AssetId | None, offset: int
    ) -> AssetPage: ...

    async def calendar(self, user_id: UserId, where: AssetFilter, *, time_zone: str, limit: int) -> list[AssetDay]:
        """Count assets by day in a time zone, newest first; raises `InvalidParameter` if the zone is unknown."""
        ...


class AssetRemoval(Protocol):
    """Deletes assets. Rows and events change at once; the bytes are deleted soon after, also if a process crashes."""

    async def remove(self, asset_id: AssetId, user_id: UserId) -> bool:
        """Delete an asset; return False if the user has no such asset."""
        ...

    async def step_types(self) -> list[str]:
        """Return the types of the steps that produced the existing assets."""
        ...

    async def remove_older(self, step_type: str, than: datetime, *, limit: int) -> int:
        """Delete up to `limit` of the oldest assets of that step type created before `than`; return their number."""
        ...


class ObjectDeletions(Protocol):
    """The object keys whose bytes are to be deleted."""

    def batch(self, limit: int) -> AbstractAsyncContextManager[Sequence[str]]:
        """Claim keys that no other replica has claimed.

        If the block succeeds, the claims are deleted; otherwise they are retried later.
        """
        ...


class OrphanScans(Protocol):
    """The jobs whose objects are to be checked for orphans."""

    def batch(self, limit: int) -> AbstractAsyncContextManager[Mapping[JobId, Collection[str]]]:
        """Claim ended jobs that no other replica has claimed, with the keys that their assets refer to.

        If the block succeeds, the claims are deleted; otherwise they are retried a day later.
        """
        ...


class Folders(Protocol):
    """Lists and deletes the objects of a job."""

    async def keys(self, folder: str, *, stored_before: datetime) -> list[str]:
        """Return the keys in a folder stored before that moment; raises `StoreUnavailable` as `delete` does."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are ignored. Raises `StoreUnavailable`."""
        ...


class Objects(Protocol):
    """Reads and deletes stored bytes."""

    async def size(self, key: str) -> int | None:
        """Return the size in bytes, or None if there is no such object. Raises `StoreUnavailable` as `delete` does."""
        ...

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` to `end`, exclusive. Raises `StoreUnavailable` or FileNotFoundError."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are ignored. Raises `StoreUnavailable`."""
        ...
