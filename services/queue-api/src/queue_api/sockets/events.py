"""`/ws`, `/ws/monitor/{monitor_id}` and `/ws/client/{client_id}`: events, live and resumable, and commands.

`?since=<event id>` replays missed events. If the log does not reach back that far, the client gets a `reset` message.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

from darkroom_chassis.logs import get_logger
from darkroom_redis import RedisUnavailable, TicketExpired, TicketHolder
from darkroom_schemas.ids import EventId
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from queue_api.context import Context, context_of
from queue_api.domain.frames import Message
from queue_api.domain.subscription import Subscription
from queue_api.sockets.close_codes import Close
from queue_api.sockets.connection import SEND_TIMEOUT_S, Connection
from queue_api.sockets.viewer import holder_of

log = get_logger(__name__)
router = APIRouter()
_NAME = re.compile(r"[A-Za-z0-9_.:@-]{1,100}\Z", re.ASCII)


@router.websocket("/ws")
async def follow_events(socket: WebSocket) -> None:
    """Serve a monitor without a name."""
    await _serve(socket, lambda context: _as_monitor(socket, context, None))


@router.websocket("/ws/monitor/{monitor_id}")
async def monitor_events(socket: WebSocket, monitor_id: str) -> None:
    """Serve a named monitor: every event that it may see, or the topics that it subscribes to."""
    await _serve(socket, lambda context: _as_monitor(socket, context, monitor_id))


@router.websocket("/ws/client/{client_id}")
async def client_events(socket: WebSocket, client_id: str) -> None:
    """Serve a client: only jobs that it submits or subscribes to, also those of its earlier connections."""
    await _serve(socket, lambda context: _as_client(socket, context, client_id))


async def _serve(socket: WebSocket, follow: Callable[[Context], Awaitable[tuple[Close, str]]]) -> None:
    """Serve a connection until its end. Closes it with a code and a reason."""
    await socket.accept()  # browsers report a refusal before accepting as 1006, without a reason
    try:
        code, reason = await follow(context_of(socket))
    except (WebSocketDisconnect, TimeoutError):
        return
    except TicketExpired:
        code, reason = Close.EXPIRED, "the ticket has expired: get another one"
    except RedisUnavailable:
        code, reason = Close.TRY_AGAIN_LATER, "the queue does not answer"
    except Exception:
        log.exception("A socket failed unexpectedly")
        code, reason = Close.INTERNAL, "the server failed"
    with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):  # the transport may be closed or blocked
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await socket.close(code, reason)


async def _as_monitor(socket: WebSocket, context: Context, name: str | None) -> tuple[Close, str]:
    if name is not None and not _NAME.match(name):
        return Close.POLICY, "a monitor is named by 1 to 100 letters, digits or _.:@-"
    greeting: Message = {"type": "connected", "monitor_id": name or _address(socket)}

    async def subscription(_: TicketHolder) -> tuple[Subscription, None]:
        return Subscription(), None

    return await _admit(socket, context, greeting, subscription)


async def _as_client(socket: WebSocket, context: Context, name: str) -> tuple[Close, str]:
    if not _NAME.match(name):
        return Close.POLICY, "a client is named by 1 to 100 letters, digits or _.:@-"
    greeting: Message = {"type": "connection_established", "client_id": name}

    async def subscription(holder: TicketHolder) -> tuple[Subscription, str]:
        owner = f"{holder.tenant or ''}/{name}"  # a user's client cannot take over the name of another's
        return Subscription(topics=frozenset(), jobs=set(await context.client_jobs.all(owner))), owner

    return await _admit(socket, context, greeting, subscription)


async def _admit(
    socket: WebSocket,
    context: Context,
    greeting: Message,
    subscription_of: Callable[[TicketHolder], Awaitable[tuple[Subscription, str | None]]],
) -> tuple[Close, str]:
    """Check credential, position and the limit of connections, serve, and return code and reason for closing."""
    holder = await holder_of(socket, context)
    if holder is None:
        return Close.POLICY, "send a valid token"
    try:
        since = _since(socket)
    except ValueError as error:
        return Close.POLICY, str(error).encode("ascii", "backslashreplace").decode()[:120]
    with context.connections.admit(_counted_as(holder, _address(socket))) as admitted:
        if not admitted:
            return Close.TRY_AGAIN_LATER, f"at most {context.connections.limit} connections a client"
        subscription, owner = await subscription_of(holder)
        return await Connection(socket, context, holder, subscription, owner).run(greeting, since)


def _counted_as(holder: TicketHolder, address: str) -> str:
    """Return the key of the connection limit, which a client cannot choose: its user, else its address."""
    return f"tenant {holder.tenant}" if holder.tenant is not None else f"address {address}"


def _address(socket: WebSocket) -> str:
    return socket.client.host if socket.client else "unknown"


def _since(socket: WebSocket) -> EventId | None:
    text = socket.query_params.get("since")
    return EventId.parse(text) if text else None
