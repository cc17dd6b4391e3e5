"""The bytes of assets: with credentials, or by a signed link without; ranges and conditional requests."""

from typing import Annotated, Any

from darkroom_chassis.errors import AppError
from darkroom_schemas.errors import ErrorCode
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from platform_api.domain.errors import NotFound
from platform_api.domain.job import Asset
from platform_api.domain.signed_urls import Variant
from platform_api.routes.auth import OPTIONAL_SECURITY, authenticate, user_of
from platform_api.routes.byte_ranges import NotSatisfiable, parse_range
from platform_api.routes.context import Context, Ctx
from platform_api.routes.file_names import file_name
from platform_api.routes.query_parameters import KnownQueryRoute
from platform_api.routes.requests import AssetIdPath

router = APIRouter(tags=["assets"], route_class=KnownQueryRoute)
CONTENT_PATH, THUMBNAIL_PATH = "/api/assets/{asset_id}/content", "/api/assets/{asset_id}/thumbnail"
THUMBNAIL_MIME_TYPE = "image/webp"
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The bytes"},
    206: {"content": {"application/octet-stream": {}}, "description": "The range asked for"},
    304: {"description": "The caller has these bytes already"},
    403: {"description": "The link is not valid or has expired"},
    404: {"description": "No such asset, or somebody else's"},
    416: {"description": "The range lies outside of the asset"},
}
DOCUMENTED: dict[str, Any] = {"responses": RESPONSES, "openapi_extra": OPTIONAL_SECURITY}
Expires = Annotated[int | None, Query(ge=0, le=10**11, description="Part of a signed link.")]
Signature = Annotated[str | None, Query(max_length=128, description="Part of a signed link.")]


@router.head(
    CONTENT_PATH,
    operation_id="head_asset_content",
    summary="Ask about an asset's bytes",
    responses=RESPONSES,
    openapi_extra=OPTIONAL_SECURITY,
)
@router.get(
    CONTENT_PATH,
    operation_id="get_asset_content",
    summary="Get an asset's bytes",
    responses=RESPONSES,
    openapi_extra=OPTIONAL_SECURITY,
)
async def content(
    request: Request, context: Ctx, asset_id: AssetIdPath, expires: Expires = None, signature: Signature = None
) -> Response:
    """Send the asset itself. Its bytes never change."""
    asset = await _permitted(request, context, asset_id, Variant.CONTENT, expires, signature)
    return await content_of(asset, request, context)


@router.head(
    THUMBNAIL_PATH,
    operation_id="head_asset_thumbnail",
    summary="Ask about a thumbnail",
    responses=RESPONSES,
    openapi_extra=OPTIONAL_SECURITY,
)
@router.get(
    THUMBNAIL_PATH,
    operation_id="get_asset_thumbnail",
    summary="Get an asset's thumbnail",
    responses=RESPONSES,
    openapi_extra=OPTIONAL_SECURITY,
)
async def thumbnail(
    request: Request, context: Ctx, asset_id: AssetIdPath, expires: Expires = None, signature: Signature = None
) -> Response:
    """Send a small WebP picture of the asset; of a video, its first frame."""
    asset = await _permitted(request, context, asset_id, Variant.THUMBNAIL, expires, signature)
    size = await context.objects.size(asset.thumbnail_key) if asset.thumbnail_key else None
    if asset.thumbnail_key is None or size is None:
        raise NotFound("thumbnail")
    tag = f"{asset.sha256}-thumbnail"
    return await _answer(request, context, asset, asset.thumbnail_key, THUMBNAIL_MIME_TYPE, size, tag)


async def content_of(asset: Asset, request: Request, context: Context) -> Response:
    """Answer with the bytes of an asset that the caller may have, or with what of them was asked for."""
    return await _answer(request, context, asset, asset.object_key, asset.mime_type, asset.size_bytes, asset.sha256)


async def _permitted(
    request: Request,
    context: Context,
    asset_id: AssetIdPath,
    variant: Variant,
    expires: int | None,
    signature: str | None,
) -> Asset:
    """Return the asset if the link's signature or the caller's credentials allow it."""
    if signature is not None and expires is not None:
        if not context.urls.allows(asset_id, variant, expires, signature, context.clock()):
            raise AppError(403, ErrorCode.FORBIDDEN, "The link is not valid or has expired; read the asset again.")
        asset = await context.assets.get(asset_id)
    else:
        user_id = user_of(await authenticate(request, context))
        asset = await context.assets.get(asset_id)
        if asset is not None and asset.user_id != user_id:
            asset = None
    if asset is None:
        raise NotFound("asset")
    return asset


async def _answer(
    request: Request, context: Context, asset: Asset, key: str, mime_type: str, size: int, tag: str
) -> Response:
    etag = f'"{tag}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=3600, immutable",
        "Content-Disposition": f'inline; filename="{file_name(asset.id, mime_type)}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if _has(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    # A range of other bytes than the caller holds would be mixed with them: then it gets the whole (RFC 9110 §13.1.5).
    if_range = request.headers.get("if-range")
    asked = request.headers.get("range") if if_range in (None, etag) else None
    try:
        part = parse_range(asked, size)
    except NotSatisfiable:
        sentence = f"The asset has {size} bytes."
        unsatisfied = {"Content-Range": f"bytes */{size}"}
        raise AppError(416, ErrorCode.RANGE_NOT_SATISFIABLE, sentence, headers=unsatisfied) from None
    start, end = part or (0, size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 200 if part is None else 206
    if await context.objects.size(key) != size:
        raise NotFound("asset")
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=mime_type)
    return StreamingResponse(context.objects.read(key, start, end), status, headers, mime_type)


def _has(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
