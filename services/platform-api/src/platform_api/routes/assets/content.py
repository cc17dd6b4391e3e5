"""Bytes of assets, with credentials or a signed link; ranges and conditional requests are supported."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from platform_api.context import Ctx
from platform_api.domain.assets.signed_urls import Variant
from platform_api.domain.errors import NotFound
from platform_api.http.asset_content import RESPONSES, asset_response, content_of, permitted_asset
from platform_api.http.auth import OPTIONAL_SECURITY
from platform_api.http.query_parameters import KnownQueryRoute
from platform_api.http.requests import AssetIdPath

router = APIRouter(tags=["assets"], route_class=KnownQueryRoute)
CONTENT_PATH, THUMBNAIL_PATH = "/api/assets/{asset_id}/content", "/api/assets/{asset_id}/thumbnail"
THUMBNAIL_MIME_TYPE = "image/webp"
Expires = Annotated[int | None, Query(ge=0, le=10**11, description="Part of a signed link.")]
Signature = Annotated[str | None, Query(max_length=128, description="Part of a signed link.")]


@router.head(
    CONTENT_PATH,
    operation_id="head_asset_content",
    summary="Read the headers of an asset's content",
    responses=RESPONSES,
    openapi_extra=OPTIONAL_SECURITY,
)
@router.get(
    CONTENT_PATH,
    operation_id="get_asset_content",
    summary="Download an asset",
    responses=RESPONSES,
    openapi_extra=OPTIONAL_SECURITY,
)
async def content(
    request: Request, context: Ctx, asset_id: AssetIdPath, expires: Expires = None, signature: Signature = None
) -> Response:
    """Return the content of the asset. It never changes."""
    asset = await permitted_asset(request, context, asset_id, Variant.CONTENT, expires, signature)
    return await content_of(asset, request, context)


@router.head(
    THUMBNAIL_PATH,
    operation_id="head_asset_thumbnail",
    summary="Read the headers of a thumbnail",
    responses=RESPONSES,
    openapi_extra=OPTIONAL_SECURITY,
)
@router.get(
    THUMBNAIL_PATH,
    operation_id="get_asset_thumbnail",
    summary="Download a thumbnail",
    responses=RESPONSES,
    openapi_extra=OPTIONAL_SECURITY,
)
async def thumbnail(
    request: Request, context: Ctx, asset_id: AssetIdPath, expires: Expires = None, signature: Signature = None
) -> Response:
    """Return a small WebP image of the asset; for a video, of its first frame."""
    asset = await permitted_asset(request, context, asset_id, Variant.THUMBNAIL, expires, signature)
    size = await context.assets.objects.size(asset.thumbnail_key) if asset.thumbnail_key else None
    if asset.thumbnail_key is None or size is None:
        raise NotFound("thumbnail")
    tag = f"{asset.sha256}-thumbnail"
    return await asset_response(request, context, asset, asset.thumbnail_key, THUMBNAIL_MIME_TYPE, size, tag)
