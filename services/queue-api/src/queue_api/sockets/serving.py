"""What all WebSockets share: how they are accepted, counted and closed."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

from darkroom_chassis.logs import get_logger
from darkroom_redis import RedisUnavailable, TicketExpired, TicketHolder
from darkroom_schemas.ids import EventId
from fastapi import WebSocket, WebSocketDisconnect

from queue_api.context import Context, context_of
from queue_api.sockets.close_codes import Close

log = get_logger(__name__)
SEND_TIMEOUT_S = 10.0


async def serve(socket: WebSocket, follow: Callable[[Context], Awaitable[tuple[Close, str]]]) -> None:
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


async def within_limits(
    socket: WebSocket,
    context: Context,
    holder: TicketHolder | None,
    run: Callable[[TicketHolder, EventId | None], Awaitable[tuple[Close, str]]],
) -> tuple[Close, str]:
    """Check credential, position and the limit of connections, and return what `run` returns, or why it did not run.

    `run` gets the holder and the position of `?since=`.
    """
    if holder is None:
        return Close.POLICY, "send a valid token"
    try:
        since = _since_of(socket)
    except ValueError as error:
        return Close.POLICY, str(error).encode("ascii", "backslashreplace").decode()[:120]
    with context.connections.admit(_counted_as(holder, address_of(socket))) as admitted:
        if not admitted:
            return Close.TRY_AGAIN_LATER, f"at most {context.connections.limit} connections a client"
        return await run(holder, since)


def _counted_as(holder: TicketHolder, address: str) -> str:
    """Return the key of the connection limit, which a client cannot choose: its user, else its address."""
    return f"tenant {holder.tenant}" if holder.tenant is not None else f"address {address}"


def address_of(socket: WebSocket) -> str:
    """Return the address of the client."""
    return socket.client.host if socket.client else "unknown"


def _since_of(socket: WebSocket) -> EventId | None:
    """Return the position of `?since=`, if it is given; raises ValueError."""
    text = socket.query_params.get("since")
    return EventId.parse(text) if text else None


async def first_to_end(parts: Iterable[Coroutine[Any, Any, Any]]) -> asyncio.Task[Any]:
    """Run all coroutines. When one ends, cancel the others and return it."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
