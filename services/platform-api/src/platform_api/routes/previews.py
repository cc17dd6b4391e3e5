"""`GET /api/previews`: the preview of a running step, by the signed link in its progress."""

from typing import Annotated

from darkroom_chassis.errors import AppError
from darkroom_schemas.channels import Preview
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.fields import MAX_INT64
from fastapi import APIRouter, Query, Response

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound
from platform_api.http.query_parameters import KnownQueryRoute

router = APIRouter(tags=["assets"], route_class=KnownQueryRoute)
MAX_PREVIEW_BYTES = 1_000_000


@router.get(
    "/api/previews",
    operation_id="get_preview",
    summary="Get a preview",
    response_class=Response,
    responses={
        200: {"content": {"image/webp": {}}, "description": "A small image"},
        403: {"description": "The link is not valid or has expired"},
        404: {"description": "The step has ended and its preview was deleted"},
        503: {"description": "The object store does not answer; see Retry-After"},
    },
)
async def preview(
    context: Ctx,
    key: Annotated[str, Query(max_length=300)],
    version: Annotated[int, Query(ge=1, le=MAX_INT64, description="Gives each preview its own URL.")],
    expires: Annotated[int, Query(ge=0, le=10**11)],
    signature: Annotated[str, Query(max_length=128)],
) -> Response:
    """Return the latest preview of a running step. It is deleted when the step ends."""
    if not context.urls.allows_preview(Preview(key=key, version=version), expires, signature, context.clock()):
        raise AppError(403, ErrorCode.FORBIDDEN, "The link is not valid or has expired.")
    try:
        size = await context.assets.objects.size(key)
        if size is None or size > MAX_PREVIEW_BYTES:
            raise NotFound("preview")
        picture = b"".join([part async for part in context.assets.objects.read(key, 0, size)])
    except FileNotFoundError:
        raise NotFound("preview") from None
    headers = {"Cache-Control": "private, max-age=60", "X-Content-Type-Options": "nosniff"}
    return Response(picture, media_type="image/webp", headers=headers)
