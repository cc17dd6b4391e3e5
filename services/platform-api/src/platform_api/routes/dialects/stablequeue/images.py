"""`GET /api/v2/images/{name}`: the files named in `result_details.images`."""

import re
from typing import Annotated, Any

from darkroom_schemas.ids import AssetId
from fastapi import APIRouter, Path, Request, Response

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound
from platform_api.http.asset_content import RESPONSES, content_of
from platform_api.http.auth import CurrentUser
from platform_api.routes.dialects.stablequeue.answers import StableQueueRoute
from platform_api.routes.dialects.stablequeue.mapping import IMAGES

router = APIRouter(tags=["stablequeue"], route_class=StableQueueRoute)
ONE = f"{IMAGES}/{{name}}"
_NAME = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.[a-z0-9]{1,8})?\Z", re.ASCII)
ANSWERS: dict[int | str, dict[str, Any]] = {status: RESPONSES[status] for status in (200, 206, 304, 404, 416)}


@router.head(ONE, operation_id="head_stablequeue_image", summary="Read the headers of an image", responses=ANSWERS)
@router.get(ONE, operation_id="get_stablequeue_image", summary="Download an image", responses=ANSWERS)
async def image(
    request: Request,
    context: Ctx,
    user_id: CurrentUser,
    name: Annotated[
        str,
        Path(description="The last part of a path in `result_details.images`.", json_schema_extra={"maxLength": 45}),
    ],
) -> Response:
    """Return the file. The caller must have access to its job."""
    found = _NAME.match(name.lower())
    asset = await context.assets.reads.get(AssetId(found[1])) if found else None
    if asset is None or asset.user_id != user_id:
        raise NotFound("image")
    return await content_of(asset, request, context)
