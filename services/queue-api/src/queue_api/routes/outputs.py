"""`GET /api/outputs`: the bytes of an output, by a signed link."""

import mimetypes
from typing import Annotated

from darkroom_chassis.errors import AppError
from darkroom_schemas.errors import ErrorCode
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from queue_api.context import Context, context_of
from queue_api.domain.ports import OUTPUTS_PATH

router = APIRouter(tags=["job groups"])
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=86400, immutable",
}


@router.get(
    OUTPUTS_PATH,
    summary="Download an output",
    response_class=StreamingResponse,
    responses={403: {"description": "The link is not valid, or has expired"}, 404: {"description": "No such output"}},
)
async def read_output(
    context: Annotated[Context, Depends(context_of)],
    key: Annotated[str, Query(max_length=1000)],
    expires: Annotated[int, Query(ge=0, le=10**11)],
    signature: Annotated[str, Query(max_length=128)],
) -> StreamingResponse:
    """Return the content of an output. Links come with the outputs of job groups and are valid for a day."""
    if not context.outputs.allows(key, expires, signature):
        raise AppError(403, ErrorCode.FORBIDDEN, "The link is not valid, or has expired.")
    found = await context.outputs.open(key)
    if found is None:
        raise AppError(404, ErrorCode.NOT_FOUND, "There is no such output.")
    size, content = found
    kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
    return StreamingResponse(content, media_type=kind, headers=_HEADERS | {"Content-Length": str(size)})
