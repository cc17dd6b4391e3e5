"""`/ws`, `/ws/monitor/{monitor_id}` and `/ws/client/{client_id}`: events, live and resumable, and commands.

`?since=<event id>` replays missed events. If the log does not reach back that far, the client gets a `reset` message.
"""

import re
from collections.abc import Awaitable, Callable

from darkroom_redis import TicketHolder
from darkroom_schemas.ids import EventId
from fastapi import APIRouter, WebSocket

from queue_api.context import Context
from queue_api.domain.frames import Message
from queue_api.domain.subscription import Subscription
from queue_api.sockets.close_codes import Close
from queue_api.sockets.connection import Connection
from queue_api.sockets.serving import address_of, serve, within_limits
from queue_api.sockets.viewer import holder_of

router = APIRouter()
_NAME = re.compile(r"[A-Za-z0-9_.:@-]{1,100}\Z", re.ASCII)


@router.websocket("/ws")
async def follow_events(socket: WebSocket) -> None:
    """Serve a monitor without a name."""
    await serve(socket, lambda context: _as_monitor(socket, context, None))


@router.websocket("/ws/monitor/{monitor_id}")
async def monitor_events(socket: WebSocket, monitor_id: str) -> None:
    """Serve a named monitor: every event that it may see, or the topics that it subscribes to."""
    await serve(socket, lambda context: _as_monitor(socket, context, monitor_id))


@router.websocket("/ws/client/{client_id}")
async def client_events(socket: WebSocket, client_id: str) -> None:
    """Serve a client: only jobs that it submits or subscribes to, also those of its earlier connections."""
    await serve(socket, lambda context: _as_client(socket, context, client_id))


async def _as_monitor(socket: WebSocket, context: Context, name: str | None) -> tuple[Close, str]:
    if name is not None and not _NAME.match(name):
        return Close.POLICY, "a monitor is named by 1 to 100 letters, digits or _.:@-"
    greeting: Message = {"type": "connected", "monitor_id": name or address_of(socket)}

    async def subscription(_: TicketHolder) -> tuple[Subscription, None]:
        return Subscription(), None

    return await _serve(socket, context, greeting, subscription)


async def _as_client(socket: WebSocket, context: Context, name: str) -> tuple[Close, str]:
    if not _NAME.match(name):
        return Close.POLICY, "a client is named by 1 to 100 letters, digits or _.:@-"
    greeting: Message = {"type": "connection_established", "client_id": name}

    async def subscription(holder: TicketHolder) -> tuple[Subscription, str]:
        owner = f"{holder.tenant or ''}/{name}"  # a user's client cannot take over the name of another's
        return Subscription(topics=frozenset(), jobs=set(await context.client_jobs.all(owner))), owner

    return await _serve(socket, context, greeting, subscription)


async def _serve(
    socket: WebSocket,
    context: Context,
    greeting: Message,
    subscription_of: Callable[[TicketHolder], Awaitable[tuple[Subscription, str | None]]],
) -> tuple[Close, str]:
    async def run(holder: TicketHolder, since: EventId | None) -> tuple[Close, str]:
        subscription, owner = await subscription_of(holder)
        return await Connection(socket, context, holder, subscription, owner).run(greeting, since)

    return await within_limits(socket, context, await holder_of(socket, context), run)
