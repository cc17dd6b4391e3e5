"""Favourites and tags: `PATCH /api/assets/{id}` and `GET /api/assets/tags`."""

from typing import Annotated

from darkroom_schemas.base import Request as RequestBody
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from platform_api.context import Ctx
from platform_api.domain.assets.marks import MarkChange
from platform_api.domain.assets.tags import MAX_TAGS, distinct
from platform_api.domain.errors import NotFound
from platform_api.http.auth import CurrentUser
from platform_api.http.requests import AnyContentTypeRoute, AssetIdPath, Limit
from platform_api.routes.assets.assets import MISSING
from platform_api.routes.assets.filters import Tag
from platform_api.routes.dialects.ourvidz.mapping import AssetAnswer, asset_answer

router = APIRouter(tags=["assets"], route_class=AnyContentTypeRoute)
TagCursor = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$", description="Continue after this tag.")]


class ChangedAsset(RequestBody):
    """The changes. Absent and null members change nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"favourite": True, "tags": ["castle", "for print"]}]})

    favourite: StrictBool | None = None
    tags: list[Tag] | None = Field(
        default=None,
        max_length=MAX_TAGS,
        description="All tags of the asset. Spaces at the ends are removed; tags that differ in case only are one.",
    )


class TagOfAssets(BaseModel):
    """A tag and the number of assets that have it."""

    tag: str
    count: int


class TagList(BaseModel):
    """A page of tags, in alphabetical order."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"tags": [{"tag": "castle", "count": 12}], "cursor": None}]}
    )

    tags: list[TagOfAssets]
    cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")


@router.get("/api/assets/tags", operation_id="list_asset_tags", summary="List tags of assets")
async def asset_tags(context: Ctx, user_id: CurrentUser, limit: Limit = 50, cursor: TagCursor = None) -> TagList:
    """List the caller's tags with the number of assets that have each."""
    found = await context.assets.marks.tags(user_id, limit=limit + 1, after=cursor)
    shown = found[:limit]
    tags = [TagOfAssets(tag=each.name, count=each.count) for each in shown]
    return TagList(tags=tags, cursor=shown[-1].folded if len(found) > limit else None)


@router.patch(
    "/api/assets/{asset_id}", operation_id="change_asset", summary="Change favourite and tags", responses=MISSING
)
async def change_asset(asset_id: AssetIdPath, body: ChangedAsset, context: Ctx, user_id: CurrentUser) -> AssetAnswer:
    """Mark an asset as favourite, or replace its tags. Streams of the caller report it as `asset_updated`."""
    change = MarkChange(body.favourite, None if body.tags is None else distinct(body.tags))
    asset = await context.assets.marks.mark(asset_id, user_id, change)
    if asset is None:
        raise NotFound("asset")
    context.jobs.wake_relay()
    return asset_answer(asset, context.urls, context.clock())
