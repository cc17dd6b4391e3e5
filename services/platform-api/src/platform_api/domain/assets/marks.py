"""What an owner notes about an asset: favourite or not, and tags."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from darkroom_schemas.ids import AssetId, UserId

from platform_api.domain.assets.asset import Asset


@dataclass(frozen=True, slots=True)
class MarkChange:
    """The changes; None changes nothing. `tags` are all tags of the asset, by their folded form."""

    favourite: bool | None = None
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag, as its first asset by alphabet has it, its folded form, and the number of assets that have it."""

    name: str
    folded: str
    count: int


class AssetMarks(Protocol):
    """Favourites and tags."""

    async def mark(self, asset_id: AssetId, user_id: UserId, change: MarkChange) -> Asset | None:
        """Change the marks and emit `asset.updated` if they differ; return None if the user has no such asset."""
        ...

    async def tags(self, user_id: UserId, *, limit: int, after: str | None) -> list[TagCount]:
        """Return the user's tags in the order of their folded forms, after one of these."""
        ...
