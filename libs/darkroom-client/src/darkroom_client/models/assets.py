"""Images, videos and other outputs."""

from datetime import datetime
from typing import Any

from darkroom_client.models.answer import Answer


class Replay(Answer):
    """The job that draws an asset again; output `index` of it is the one to compare with the asset."""

    job_id: str
    index: int
    notices: tuple[str, ...] = ()


class Asset(Answer):
    """An output of a job, or an upload, which has no `job_id`.

    `url` needs no credentials and expires after a day; `content_path` needs them and never expires.

    `sha256`, `frames` and `recipe` are None in lists.
    """

    id: str
    job_id: str | None
    job_type: str
    step: int = 0
    index: int
    mime_type: str
    size_bytes: int
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    seed: int | None = None
    url: str
    thumbnail_url: str | None = None
    content_path: str
    created_at: datetime
    favourite: bool = False
    tags: tuple[str, ...] = ()
    sha256: str | None = None
    frames: int | None = None
    recipe: dict[str, Any] | None = None
