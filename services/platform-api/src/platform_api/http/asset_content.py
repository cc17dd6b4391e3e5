"""Responses with the bytes of an asset: ranges and conditional requests (RFC 9110)."""

from collections.abc import AsyncIterator
from typing import Any

from darkroom_chassis.errors import AppError
from darkroom_schemas.errors import ErrorCode
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from platform_api.context import Context
from platform_api.domain.assets.asset import Asset
from platform_api.domain.assets.signed_urls import Variant
from platform_api.domain.errors import NotFound
from platform_api.http.auth import authenticate, user_of
from platform_api.http.byte_ranges import NotSatisfiable, parse_range
from platform_api.http.file_names import file_name
from platform_api.http.requests import AssetIdPath

RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The content"},
    206: {"content": {"application/octet-stream": {}}, "description": "The requested range"},
    304: {"description": "The client's copy is current"},
    403: {"description": "The link is not valid or has expired"},
    404: {"description": "No such asset, or it belongs to another user"},
    416: {"description": "The range is outside of the content"},
    503: {"description": "The object store does not answer; see Retry-After"},
}


async def content_of(asset: Asset, request: Request, context: Context) -> Response:
    """Respond with an asset's content or the requested range. The caller's access must have been checked."""
    return await asset_response(
        request, context, asset, asset.object_key, asset.mime_type, asset.size_bytes, asset.sha256
    )


async def permitted_asset(
    request: Request,
    context: Context,
    asset_id: AssetIdPath,
    variant: Variant,
    expires: int | None,
    signature: str | None,
) -> Asset:
    """Return the asset if the link's signature or the caller's credentials give access; raises 403, 401 or 404."""
    if signature is not None and expires is not None:
        if not context.urls.allows(asset_id, variant, expires, signature, context.clock()):
            raise AppError(403, ErrorCode.FORBIDDEN, "The link is not valid or has expired; read the asset again.")
        asset = await context.assets.reads.get(asset_id)
    else:
        user_id = user_of(await authenticate(request, context))
        asset = await context.assets.reads.get(asset_id)
        if asset is not None and asset.user_id != user_id:
            asset = None
    if asset is None:
        raise NotFound("asset")
    return asset


async def asset_response(
    request: Request, context: Context, asset: Asset, key: str, mime_type: str, size: int, tag: str
) -> Response:
    """Respond with the bytes under `key`, with the requested range, or with 304 if the client's copy is current."""
    etag = f'"{tag}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=3600, immutable",
        "Content-Disposition": f'inline; filename="{file_name(asset.id, mime_type)}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if _has_tag(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    # If If-Range does not match, the client has other bytes: return the whole content (RFC 9110 §13.1.5).
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
    if await context.assets.objects.size(key) != size:
        raise NotFound("asset")
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=mime_type)
    content = await _begun(context.assets.objects.read(key, start, end))
    return StreamingResponse(content, status, headers, mime_type)


async def _begun(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Read the first chunk, so that an outage is answered as such and not as an incomplete 200."""
    try:
        first = await anext(chunks, b"")
    except FileNotFoundError:
        raise NotFound("asset") from None

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return whole()


def _has_tag(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
