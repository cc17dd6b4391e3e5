"""Filters of asset lists."""

from dataclasses import dataclass
from datetime import datetime

from darkroom_schemas.ids import JobId


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """All conditions must hold; an empty condition does not restrict. A `mime_type` may end in `/*`.

    `tags` are folded; an asset must have all of them. `words` are searched in the prompt, each as a whole word and the
    last one as the beginning of one; None does not restrict, and no words at all match nothing.
    """

    job_id: JobId | None = None
    job_type: str | None = None
    mime_type: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    favourite: bool | None = None
    tags: tuple[str, ...] = ()
    words: tuple[str, ...] | None = None
    model: str | None = None


EVERY_ASSET = AssetFilter()
