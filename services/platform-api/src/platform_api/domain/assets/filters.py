"""Filters of asset lists."""

from dataclasses import dataclass
from datetime import datetime

from darkroom_schemas.ids import JobId


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """All conditions must hold; an empty condition does not restrict. A `mime_type` may end in `/*`."""

    job_id: JobId | None = None
    job_type: str | None = None
    mime_type: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


EVERY_ASSET = AssetFilter()
