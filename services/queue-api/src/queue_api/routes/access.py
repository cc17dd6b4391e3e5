"""Access control: callers need the operator's token, or a ticket that platform-api issued to an operator.

If no token is set, any caller on loopback has access.
"""

import time
from typing import Annotated

from darkroom_chassis.errors import Unauthenticated
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from queue_api.context import Context, context_of

OPERATOR_SOCKET_MS = 3_600_000
"""How long a WebSocket lasts that was opened with an operator's ticket. Then the page needs another ticket."""
_bearer = HTTPBearer(auto_error=False, description="AUTH_TOKEN of queue-api")
Ctx = Annotated[Context, Depends(context_of)]


async def require_token_for_groups(
    context: Ctx, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    """Raise `Unauthenticated` unless the request has the token, or job groups need none."""
    if context.groups_need_token:
        await require_token(context, credentials)


async def require_token(
    context: Ctx, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    """Raise `Unauthenticated` unless the request has the token."""
    if context.auth_token is None:
        return
    if credentials is None:
        raise Unauthenticated("Send the queue's token: Authorization: Bearer <AUTH_TOKEN>.")
    if context.token_matches(credentials.credentials):
        return
    if not await context.operator_tickets.is_operator(credentials.credentials):
        raise Unauthenticated("The token is not valid.")


async def socket_until(
    context: Ctx, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> int | None:
    """Return when a WebSocket of the caller must be closed, in Unix ms; None for holders of the token."""
    if context.auth_token is None or (credentials is not None and context.token_matches(credentials.credentials)):
        return None
    return time.time_ns() // 1_000_000 + OPERATOR_SOCKET_MS
