"""Calls about assets."""

from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

from darkroom_client.calls.call import Call, idempotency_header, model, models, segment, without_none
from darkroom_client.calls.jobs import moment
from darkroom_client.models.answer import Page
from darkroom_client.models.assets import Asset, Replay


class AssetsWhere(TypedDict, total=False):
    """Filters of assets. `mime_type` may be `image/*`."""

    job_id: str | None
    job_type: str | None
    mime_type: str | None
    created_after: datetime | None
    created_before: datetime | None


def get(asset_id: str) -> Call[Asset]:
    return Call("GET", f"/api/assets/{segment(asset_id)}", model(Asset))


def page(
    *,
    limit: int,
    cursor: str | None,
    job_id: str | None = None,
    job_type: str | None = None,
    mime_type: str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Call[Page[Asset]]:
    """List assets, newest first."""
    params = without_none(
        limit=limit,
        cursor=cursor,
        job_id=job_id,
        job_type=job_type,
        mime_type=mime_type,
        created_after=moment("created_after", created_after),
        created_before=moment("created_before", created_before),
    )
    return Call("GET", "/api/assets", _page, params=params)


def deletion(asset_id: str) -> Call[None]:
    return Call("DELETE", f"/api/assets/{segment(asset_id)}", lambda _: None)


def replay(asset_id: str, *, whole_batch: bool, idempotency_key: str | None) -> Call[Replay]:
    path, body = f"/api/assets/{segment(asset_id)}/replay", {"whole_batch": whole_batch}
    return Call("POST", path, model(Replay), body, headers=idempotency_header(idempotency_key))


def upload(image: Path | str | bytes, idempotency_key: str | None) -> Call[Asset]:
    """Store an image, a file or its bytes, which jobs can then read. Raises OSError."""
    content = image if isinstance(image, bytes) else Path(image).read_bytes()
    return Call("POST", "/api/uploads", model(Asset), headers=idempotency_header(idempotency_key), content=content)


def _page(answer: Any) -> Page[Asset]:  # Any: JSON
    return Page(models(Asset, answer["assets"]), answer["cursor"], answer["total"], answer["total_is_exact"])
