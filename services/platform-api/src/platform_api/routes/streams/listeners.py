"""Authenticates listeners of streams, by ticket or the usual credentials, and ends streams of revoked keys."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from darkroom_chassis.errors import Unauthenticated
from darkroom_schemas.ids import UserId
from fastapi import Request

from platform_api.context import Context
from platform_api.http.auth import authenticate, user_of

CHECK_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Listener:
    """A user, and the API key on which the stream depends."""

    user_id: UserId
    key_id: str | None


async def listener_of(request: Request, context: Context, ticket: str | None, stream: str) -> Listener:
    """Authenticate the listener and count the request; 401 if the ticket is not valid for `stream`."""
    if ticket is None:
        who = await authenticate(request, context)
        return Listener(user_of(who), who.depends_on)
    holder = context.urls.ticket_holder(ticket, stream, context.clock())
    if holder is None:
        raise Unauthenticated("The ticket is not valid for this stream, or has expired.")
    listener = Listener(holder.user_id, holder.key_id)
    if not await _may_listen(context, listener):
        raise Unauthenticated("The API key that this ticket was issued for is no longer valid.")
    await context.accounts.limits.apply(request, holder.user_id, None)
    return listener


async def while_permitted(context: Context, listener: Listener, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass frames on until the listener's API key is revoked; the key is checked at most once a minute."""
    checked_at = context.clock()
    async for frame in frames:
        if context.clock() - checked_at >= CHECK_EVERY:
            if not await _may_listen(context, listener):
                return
            checked_at = context.clock()
        yield frame


async def _may_listen(context: Context, listener: Listener) -> bool:
    if listener.key_id is None:
        return True
    key = await context.accounts.users.key(listener.key_id)
    return key is not None and key.usable
