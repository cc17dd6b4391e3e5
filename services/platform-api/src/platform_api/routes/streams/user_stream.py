"""`GET /api/events`: all events of the caller's jobs, as one stream of Server-Sent Events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from platform_api.context import Ctx
from platform_api.domain.assets.signed_urls import ALL_JOBS
from platform_api.domain.streams.user_stream import UserFrame, UserStream
from platform_api.http.auth import OPTIONAL_SECURITY
from platform_api.http.query_parameters import KnownQueryRoute
from platform_api.routes.streams.listeners import Listener, listener_of, while_permitted
from platform_api.routes.streams.sse import STOPPING, EventStreamResponse, ask_to_reconnect, is_stopping, take_place
from platform_api.routes.streams.user_frames import encode_user_frame

router = APIRouter(tags=["jobs"], route_class=KnownQueryRoute)


async def _listener(
    request: Request,
    context: Ctx,
    ticket: Annotated[str | None, Query(description="A ticket from POST /api/auth/ticket.")] = None,
) -> Listener:
    return await listener_of(request, context, ticket, ALL_JOBS)


@router.get(
    "/api/events",
    operation_id="follow_events",
    summary="Follow all jobs",
    response_class=StreamingResponse,
    openapi_extra=OPTIONAL_SECURITY,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events until the client disconnects"},
        429: {"description": "Too many requests, or too many open streams; see Retry-After"},
        503: {"description": "The server is stopping or a backing service is unavailable; see Retry-After"},
    },
)
async def events(
    request: Request,
    context: Ctx,
    listener: Annotated[Listener, Depends(_listener)],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> Response:
    """Send `snapshot`, or the events since `Last-Event-ID`, then every change of the caller's jobs.

    A change is sent as `job_update` and `job_history`, progress as a `job_update` without an id. `asset_updated`
    reports a changed favourite or changed tags, `asset_deleted` a deleted asset. `reset`, with the newest jobs, means
    that events may have been lost.
    """
    if is_stopping(request):
        return ask_to_reconnect(request, STOPPING)
    place = take_place(context, listener.user_id)
    stream = UserStream(
        user_id=listener.user_id,
        jobs=context.jobs.reads,
        feed=context.streams.subscriptions,
        replay=context.streams.replay,
        urls=context.urls,
        clock=context.clock,
        heartbeat_s=context.streams.heartbeat_s,
    )
    frames = while_permitted(context, listener, _encoded(stream.frames(last_event_id)))
    return EventStreamResponse(frames, place)


async def _encoded(frames: AsyncIterator[UserFrame]) -> AsyncIterator[bytes]:
    async for frame in frames:
        yield encode_user_frame(frame)
