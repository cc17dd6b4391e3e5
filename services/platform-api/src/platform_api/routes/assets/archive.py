"""`POST /api/assets/archive`: downloads several assets as one ZIP file."""

from typing import Annotated

from darkroom_chassis.errors import AppError
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import AssetId
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from platform_api.context import Ctx
from platform_api.domain.assets.archive import MAX_ASSETS, entry_of, missing
from platform_api.domain.errors import InvalidParameter
from platform_api.http.auth import CurrentUser
from platform_api.http.file_names import suffix_of
from platform_api.http.identifiers import Uuid
from platform_api.http.requests import AnyContentTypeRoute

router = APIRouter(tags=["assets"], route_class=AnyContentTypeRoute)
GIGABYTE = 1_000_000_000


class ArchiveRequest(RequestBody):
    """The assets to download."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"]}]})

    ids: Annotated[list[Uuid], Field(min_length=1, max_length=MAX_ASSETS)] = Field(description="Ids of assets.")


@router.post(
    "/api/assets/archive",
    operation_id="archive_assets",
    summary="Download assets as a ZIP file",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/zip": {}}, "description": "The archive"},
        400: {"description": "A field is not valid, or the assets are too large for one archive"},
        404: {"description": "Some assets do not exist, or belong to another user; `missing` lists their ids"},
        503: {"description": "The object store does not answer; see Retry-After"},
    },
)
async def archive_assets(body: ArchiveRequest, context: Ctx, user_id: CurrentUser) -> Response:
    """Return an uncompressed ZIP file with the content of the assets, named by their prompts and ids.

    The total size is limited by the operator (`ARCHIVE_MAX_BYTES`).
    """
    ids = [AssetId(text) for text in dict.fromkeys(body.ids)]
    found = {asset.id: asset for asset in await context.assets.reads.some(user_id, ids)}
    if unknown := [asset_id for asset_id in ids if asset_id not in found]:
        raise _missing(unknown)
    entries = {asset_id: entry_of(found[asset_id], suffix_of(found[asset_id].mime_type)) for asset_id in ids}
    total, limit = sum(entry.size_bytes for entry in entries.values()), context.assets.archive_max_bytes
    if total > limit:
        sizes = f"{total / GIGABYTE:.2f} GB, and an archive may have at most {limit / GIGABYTE:.2f} GB"
        raise InvalidParameter("ids", f"have {sizes}; choose fewer assets")
    if lost := await missing(entries, context.assets.objects):
        raise _missing(lost)
    archive = context.assets.archives.archive(list(entries.values()))
    headers = {
        "Content-Length": str(archive.size_bytes),
        "Content-Disposition": 'attachment; filename="darkroom.zip"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(archive.chunks(), headers=headers, media_type="application/zip")


def _missing(ids: list[AssetId]) -> AppError:
    sentence = "There is no such asset." if len(ids) == 1 else f"{len(ids)} of these assets do not exist."
    return AppError(404, ErrorCode.NOT_FOUND, sentence, extra={"missing": ids})
