"""`GET /api/jobs/{id}/stream`: everything that happens to a job, as Server-Sent Events."""

from collections.abc import AsyncIterator
from typing import Annotated

from darkroom_chassis.errors import AppError, Unauthenticated
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import JobId, UserId
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from platform_api.domain.job_stream import Frame, stream_job
from platform_api.routes.auth import OPTIONAL_SECURITY, authenticate, user_of
from platform_api.routes.context import Context, Ctx
from platform_api.routes.emprops.sse import RETRY, encode, until_outage
from platform_api.routes.requests import JobIdPath

router = APIRouter(tags=["jobs"])
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def _listener(
    request: Request,
    context: Ctx,
    job_id: JobIdPath,
    ticket: Annotated[str | None, Query(description="A ticket from POST /api/auth/ticket.")] = None,
    token: Annotated[str | None, Query(description="The same as `ticket`.")] = None,
) -> UserId:
    """Find out who listens: by ticket in a browser, else by the usual credentials."""
    given = ticket or token
    if given is None:
        return user_of(await authenticate(request, context))
    holder = context.urls.ticket_holder(given, job_id, context.clock())
    if holder is None:
        raise Unauthenticated("The ticket is not valid for this job, or has expired.")
    return holder


@router.get(
    "/api/jobs/{job_id}/stream",
    operation_id="stream_job",
    summary="Follow a job",
    response_class=StreamingResponse,
    openapi_extra=OPTIONAL_SECURITY,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events until the job has ended"},
        204: {"description": "The listener has read the end already"},
        429: {"description": "Too many requests, or too many open streams; see Retry-After"},
    },
)
async def stream(
    context: Ctx,
    job_id: JobIdPath,
    listener: Annotated[UserId, Depends(_listener)],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> Response:
    """Send `history_init` first, then `job_update` and `job_history`; `reset` where events may be missing."""
    check_room(context, listener)
    frames = _frames(context, job_id, listener, last_event_id)
    # The first frame is awaited here, so that a missing job is a 404 and not a broken stream.
    first = await anext(frames, None)
    if first is None:
        return Response(status_code=204, headers=HEADERS)
    content = until_outage(_encoded(context, listener, first, frames))
    return StreamingResponse(content, media_type="text/event-stream", headers=HEADERS)


def _frames(context: Ctx, job_id: JobId, listener: UserId, last_event_id: str | None) -> AsyncIterator[Frame]:
    return stream_job(
        job_id,
        listener,
        last_event_id,
        jobs=context.jobs,
        feed=context.feed,
        replay=context.replay,
        urls=context.urls,
        clock=context.clock,
        heartbeat_s=context.sse_heartbeat_s,
    )


def check_room(context: Context, listener: UserId) -> None:
    """Raise 429 for a listener who holds as many streams open as one may; tickets pass no other limit."""
    if not context.streams.has_room(listener):
        sentence = f"At most {context.streams.limit} event streams of one user may be open; close one."
        raise AppError(429, ErrorCode.RATE_LIMITED, sentence, retryable=True, headers={"Retry-After": "10"})


async def _encoded(
    context: Context, listener: UserId, first: Frame, rest: AsyncIterator[Frame]
) -> AsyncIterator[bytes]:
    with context.streams.admit(listener):
        yield RETRY + encode(first)
        async for frame in rest:
            yield encode(frame)
