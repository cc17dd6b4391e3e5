"""Uploads: images of users that jobs read. An upload is an asset without a job."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from darkroom_schemas.ids import AssetId, UserId

from platform_api.domain.assets.asset import Asset

UPLOAD = "upload"
"""Job type and bucket of uploads in lists and settings."""
MAX_UPLOAD_BYTES = 50_000_000
MAX_UPLOAD_PIXELS = 64_000_000
SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
"""The accepted types of files, with the suffixes of their objects."""


@dataclass(frozen=True, slots=True)
class InspectedImage:
    """A complete image: its type by content, its size in pixels, and a WebP thumbnail of at most 384 pixels a side."""

    mime_type: str
    width: int
    height: int
    thumbnail: bytes


class NotAnImage(Exception):
    """The file is no image of an accepted type; the message gives the reason."""


class ImageInspector(Protocol):
    """Reads images of users."""

    async def inspect(self, path: Path) -> InspectedImage:
        """Decode an image; raises `NotAnImage`."""
        ...


class UploadObjects(Protocol):
    """Stores the bytes of uploads."""

    async def write(self, key: str, content: Path | bytes, mime_type: str) -> None:
        """Store an object; raises `StoreUnavailable`."""
        ...


class AnnouncedObjects(Protocol):
    """Objects that are stored before the row that refers to them."""

    async def announce(self, keys: Sequence[str]) -> None:
        """Schedule the deletion of the objects in an hour, unless `NewUploads.add` refers to them by then."""
        ...


class NewUploads(Protocol):
    """Stores new uploads, inside the caller's transaction."""

    async def add(self, upload: Asset, *, limit: int) -> None:
        """Store an upload and keep its announced objects; raises `TooManyUploads` if the user has `limit` of them."""
        ...


def upload_of(
    asset_id: AssetId, user_id: UserId, image: InspectedImage, *, size_bytes: int, sha256: str, created_at: datetime
) -> Asset:
    """Return the asset of an upload. Its objects are below `uploads/<user>/`."""
    folder = f"uploads/{user_id}/{asset_id}"
    return Asset(
        id=asset_id,
        user_id=user_id,
        job_id=None,
        run=0,
        step=0,
        output_index=0,
        job_type=UPLOAD,
        object_key=folder + SUFFIXES[image.mime_type],
        thumbnail_key=f"{folder}.thumbnail.webp",
        mime_type=image.mime_type,
        size_bytes=size_bytes,
        sha256=sha256,
        width=image.width,
        height=image.height,
        frames=None,
        duration_s=None,
        recipe=None,
        created_at=created_at,
    )
