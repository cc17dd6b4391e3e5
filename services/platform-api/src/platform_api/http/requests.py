"""Shared by request handlers: bodies of any content type, ids in paths, pages, idempotency keys."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from darkroom_chassis.idempotency import keyed as keyed
from darkroom_schemas.ids import AssetId, JobId
from fastapi import Depends, Header, Path, Query, Request, Response

from platform_api.domain.answers import Answer
from platform_api.domain.errors import NotFound
from platform_api.http.auth import UUID_TEXT
from platform_api.http.errors import invalid
from platform_api.http.query_parameters import KnownQueryRoute

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
MAX_PAGE = 200
MAX_OFFSET = 10_000


class AnyContentTypeRoute(KnownQueryRoute):
    """Parses the body as JSON regardless of its content type: browsers send `text/plain` for a string body.

    This is safe if credentials are in headers, which forms on other sites cannot send. If a cookie may be the
    credential, the content type is checked.
    """

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_as_json(request: Request) -> Response:
            if not {"authorization", "x-api-key"} & set(request.headers):
                return await handle(request)
            headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
            scope = {**request.scope, "headers": [*headers, (b"content-type", b"application/json")]}
            return await handle(Request(scope, request.receive))

        return handle_as_json


# Dependencies are coroutines even if they await nothing: FastAPI runs plain functions in a thread each.
async def job_id_in_path(job_id: Annotated[str, Path(description="Id of a job, a UUID.")]) -> JobId:
    """Return the job id; 404 for text that is not an id."""
    return JobId(_uuid(job_id, "job"))


async def _asset_id(asset_id: Annotated[str, Path(description="Id of an asset, a UUID.")]) -> AssetId:
    return AssetId(_uuid(asset_id, "asset"))


async def _collection_id(collection_id: Annotated[str, Path(description="Id of a collection, a UUID.")]) -> str:
    return _uuid(collection_id, "collection")


async def _preset_id(preset_id: Annotated[str, Path(description="Id of a preset, a UUID.")]) -> str:
    return _uuid(preset_id, "preset")


def _uuid(text: str, what: str) -> str:
    if not UUID_TEXT.match(text.lower()):
        raise NotFound(what)
    return text.lower()


async def _cursor(
    cursor: Annotated[str | None, Query(description="Continue after this item.")] = None,
) -> Any:  # Any: the id of whatever is listed
    if cursor is not None and not UUID_TEXT.match(cursor):
        raise invalid("cursor", "must be the `cursor` of an earlier page")
    return cursor


def answered(answer: Answer, status: int = 200) -> Response:
    """Return the response, with a header if it is a replayed one."""
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
    return Response(answer.body, status, media_type="application/json", headers=headers)


JobIdPath = Annotated[JobId, Depends(job_id_in_path)]
CollectionIdPath = Annotated[str, Depends(_collection_id)]
PresetIdPath = Annotated[str, Depends(_preset_id)]
AssetIdPath = Annotated[AssetId, Depends(_asset_id)]
JobCursor = Annotated[JobId | None, Depends(_cursor)]
ItemCursor = Annotated[str | None, Depends(_cursor)]
AssetCursor = Annotated[AssetId | None, Depends(_cursor)]
JobTypeFilter = Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00]*$")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Items on a page.")]
Offset = Annotated[int, Query(ge=0, le=MAX_OFFSET, description="Items to skip; beyond 10,000 use the cursor.")]
IdempotencyHeader = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="Makes retries safe: for 24 h, a repetition gets the first response."),
]
