"""`POST /api/uploads`: stores an image that jobs can read."""

import tempfile
from pathlib import Path
from typing import Any

from darkroom_chassis.idempotency import IdempotencyKey, usable_key
from darkroom_schemas.ids import AssetId, UserId, new_uuid7
from fastapi import APIRouter, Request, Response

from platform_api.context import Context, Ctx
from platform_api.domain.answers import Answer
from platform_api.domain.assets.asset import Asset
from platform_api.domain.assets.upload import MAX_UPLOAD_BYTES, SUFFIXES, InspectedImage, NotAnImage, upload_of
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.idempotency import UnitOfWork
from platform_api.http.auth import CurrentUser
from platform_api.http.query_parameters import KnownQueryRoute
from platform_api.http.received_file import receive_file
from platform_api.http.requests import IdempotencyHeader, answered
from platform_api.routes.dialects.ourvidz.mapping import AssetAnswer, asset_answer

router = APIRouter(tags=["assets"], route_class=KnownQueryRoute)
PATH = "/api/uploads"
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in SUFFIXES},
    }
}


@router.post(
    PATH,
    operation_id="upload_asset",
    summary="Upload an image",
    status_code=201,
    response_model=AssetAnswer,
    openapi_extra=_BODY,
    responses={
        409: {"description": "The user has the maximum number of uploads"},
        413: {"description": f"The image is larger than {MAX_UPLOAD_BYTES // 1_000_000} MB"},
        422: {"description": "The Idempotency-Key was used with another request"},
        503: {"description": "The object store does not answer; see Retry-After"},
    },
)
async def upload(
    request: Request, context: Ctx, user_id: CurrentUser, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Store the body, a PNG, JPEG or WebP image, as an asset; jobs name it by its id as `asset_id` of an input.

    The content decides about the type, not the header Content-Type. Send the plain bytes, not a form.
    """
    with tempfile.TemporaryDirectory(prefix="darkroom-upload-") as folder:
        path = Path(folder, "content")
        digest = await receive_file(request, path)
        key = None if idempotency_key is None else IdempotencyKey(usable_key(idempotency_key), f"{PATH} {digest}")
        try:
            image = await context.assets.inspector.inspect(path)
        except NotAnImage as error:
            raise InvalidParameter("body", str(error)) from error
        asset = upload_of(
            AssetId(new_uuid7()), user_id, image,
            size_bytes=path.stat().st_size, sha256=digest, created_at=context.clock(),
        )  # fmt: skip
        return answered(await _store(context, user_id, asset, image, path, key), 201)


async def _store(
    context: Context, user_id: UserId, asset: Asset, image: InspectedImage, path: Path, key: IdempotencyKey | None
) -> Answer:
    keys = [asset.object_key, str(asset.thumbnail_key)]
    await context.assets.announced.announce(keys)
    await context.assets.upload_objects.write(asset.object_key, path, asset.mime_type)
    await context.assets.upload_objects.write(keys[1], image.thumbnail, "image/webp")

    async def add(unit: UnitOfWork) -> str:
        await unit.uploads.add(asset, limit=context.assets.uploads_per_user)
        return asset_answer(asset, context.urls, context.clock()).model_dump_json()

    return await context.idempotency(user_id, key, add)
