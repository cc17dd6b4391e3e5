"""`GET /api/assets`, and GET and DELETE of one asset."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound
from platform_api.http.auth import CurrentUser
from platform_api.http.query_parameters import KnownQueryRoute
from platform_api.http.requests import AssetCursor, AssetIdPath, Limit, Offset
from platform_api.routes.assets.filters import CalendarFilter, ListFilter
from platform_api.routes.dialects.ourvidz.mapping import AssetAnswer, AssetDeleted, AssetList, asset_answer, asset_item

router = APIRouter(tags=["assets"], route_class=KnownQueryRoute)
MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "No such asset, or it belongs to another user"}}


MAX_DAYS = 10_000
TimeZone = Annotated[
    str,
    Query(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$", description="A name of the IANA database: Europe/Berlin."),
]


class AssetsOfDay(BaseModel):
    """The number of assets that were created on a day."""

    day: date
    count: int


class AssetCalendar(BaseModel):
    """The days with assets, newest first; at most 10,000."""

    days: list[AssetsOfDay] = Field(description="Days without assets are left out.")


@router.get("/api/assets", operation_id="list_assets", summary="List assets", response_model=AssetList)
async def list_assets(
    context: Ctx,
    user_id: CurrentUser,
    where: ListFilter,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: AssetCursor = None,
) -> Response:
    """List the caller's assets, newest first, or in order for one job. Links are valid for at least a day."""
    page = await context.assets.reads.page(user_id, where, limit=limit, before=cursor, offset=offset)
    now = context.clock()
    items = [asset_item(asset, context.urls, now) for asset in page.assets]
    answer = AssetList(assets=items, total=page.total, total_is_exact=page.total_is_exact, cursor=page.cursor)
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get("/api/assets/calendar", operation_id="get_asset_calendar", summary="Count assets by day")
async def asset_calendar(
    context: Ctx,
    user_id: CurrentUser,
    where: CalendarFilter,
    time_zone: TimeZone = "UTC",
) -> AssetCalendar:
    """Count the caller's assets by day in a time zone. A list of one day is `GET /api/assets` with its two times."""
    days = await context.assets.reads.calendar(user_id, where, time_zone=time_zone, limit=MAX_DAYS)
    return AssetCalendar(days=[AssetsOfDay(day=each.day, count=each.count) for each in days])


@router.get("/api/assets/{asset_id}", operation_id="get_asset", summary="Read an asset", responses=MISSING)
async def get_asset(asset_id: AssetIdPath, context: Ctx, user_id: CurrentUser) -> AssetAnswer:
    """Return one asset with its recipe."""
    asset = await context.assets.reads.get(asset_id)
    if asset is None or asset.user_id != user_id:
        raise NotFound("asset")
    return asset_answer(asset, context.urls, context.clock())


@router.delete("/api/assets/{asset_id}", operation_id="delete_asset", summary="Delete an asset", responses=MISSING)
async def delete_asset(asset_id: AssetIdPath, context: Ctx, user_id: CurrentUser) -> AssetDeleted:
    """Delete an asset permanently. Its links stop working at once; its bytes are deleted shortly after."""
    if not await context.assets.removal.remove(asset_id, user_id):
        raise NotFound("asset")
    context.assets.wake_deletion()
    context.jobs.wake_relay()
    return AssetDeleted(id=asset_id)
