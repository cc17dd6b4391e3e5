"""`GET /api/assets`: the caller's pictures, videos and other outputs."""

from fastapi import APIRouter, Response

from platform_api.routes.auth import CurrentUser
from platform_api.routes.context import Ctx
from platform_api.routes.ourvidz.mapping import AssetList, asset_item
from platform_api.routes.requests import AssetCursor, Limit, Offset

router = APIRouter(tags=["assets"])


@router.get("/api/assets", operation_id="list_assets", summary="List assets", response_model=AssetList)
async def list_assets(
    context: Ctx, user_id: CurrentUser, limit: Limit = 50, offset: Offset = 0, cursor: AssetCursor = None
) -> Response:
    """List the caller's assets, newest first, with links signed for a day."""
    page = await context.assets.page(user_id, limit=limit, before=cursor, offset=offset)
    now = context.clock()
    items = [asset_item(asset, context.urls, now) for asset in page.assets]
    answer = AssetList(assets=items, total=page.total, cursor=page.cursor)
    return Response(answer.model_dump_json(), media_type="application/json")
