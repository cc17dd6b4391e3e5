"""`GET /api/jobs/{id}/stream`: all events of a job, as Server-Sent Events."""

from collections.abc import AsyncIterator
from typing import Annotated

from darkroom_chassis.database import DATABASE_AWAY
from darkroom_redis import RedisUnavailable
from darkroom_schemas.ids import JobId, UserId
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from platform_api.context import Ctx
from platform_api.domain.streams.job_stream import Frame, stream_job
from platform_api.http.auth import OPTIONAL_SECURITY
from platform_api.http.query_parameters import KnownQueryRoute
from platform_api.http.requests import JobIdPath
from platform_api.routes.streams.listeners import Listener, listener_of, while_permitted
from platform_api.routes.streams.sse import (
    AWAY,
    HEADERS,
    STOPPING,
    EventStreamResponse,
    ask_to_reconnect,
    encode,
    is_stopping,
    take_place,
)

router = APIRouter(tags=["jobs"], route_class=KnownQueryRoute)


async def _listener(
    request: Request,
    context: Ctx,
    job_id: JobIdPath,
    ticket: Annotated[str | None, Query(description="A ticket from POST /api/auth/ticket.")] = None,
    token: Annotated[str | None, Query(description="Alternative name of `ticket`.")] = None,
) -> Listener:
    return await listener_of(request, context, ticket if ticket is not None else token, job_id)


@router.get(
    "/api/jobs/{job_id}/stream",
    operation_id="stream_job",
    summary="Follow a job",
    response_class=StreamingResponse,
    openapi_extra=OPTIONAL_SECURITY,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events until the job has ended"},
        204: {"description": "`Last-Event-ID` is the terminal event: there is nothing to send"},
        429: {"description": "Too many requests, or too many open streams; see Retry-After"},
        503: {"description": "The server is stopping or a backing service is unavailable; see Retry-After"},
    },
)
async def stream(
    request: Request,
    context: Ctx,
    job_id: JobIdPath,
    listener: Annotated[Listener, Depends(_listener)],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> Response:
    """Send `history_init`, then `job_update` and `job_history` events; `reset` if events may have been lost."""
    if is_stopping(request):
        return ask_to_reconnect(request, STOPPING)
    place = take_place(context, listener.user_id)
    try:
        frames = _frames(context, job_id, listener.user_id, last_event_id)
        # Await the first frame before responding: a missing job is a 404, an end that was already read a 204.
        if await anext(frames, None) is None:
            place.release()
            return Response(status_code=204, headers=HEADERS)
    except (RedisUnavailable, *DATABASE_AWAY):
        place.release()
        return ask_to_reconnect(request, AWAY)
    except BaseException:
        place.release()
        raise
    return EventStreamResponse(while_permitted(context, listener, _encoded(frames)), place)


def _frames(context: Ctx, job_id: JobId, listener: UserId, last_event_id: str | None) -> AsyncIterator[Frame]:
    return stream_job(
        job_id,
        listener,
        last_event_id,
        jobs=context.jobs.reads,
        feed=context.streams.subscriptions,
        replay=context.streams.replay,
        urls=context.urls,
        clock=context.clock,
        heartbeat_s=context.streams.heartbeat_s,
    )


async def _encoded(frames: AsyncIterator[Frame]) -> AsyncIterator[bytes]:
    async for frame in frames:
        yield encode(frame)
