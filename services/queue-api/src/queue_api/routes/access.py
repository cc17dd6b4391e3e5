"""Who may call: whoever has the operator's token, or anybody on loopback when none is set."""

import hmac
from typing import Annotated

from darkroom_chassis.errors import Unauthenticated
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from queue_api.wiring import Parts

_bearer = HTTPBearer(auto_error=False, description="AUTH_TOKEN of queue-api")


def parts_of(request: Request) -> Parts:
    """Return what the composition root made for this process."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)  # noqa: S101 - set by the lifespan before any request
    return parts


PartsDep = Annotated[Parts, Depends(parts_of)]


def token_matches(given: str, parts: Parts) -> bool:
    """Compare with AUTH_TOKEN in constant time."""
    return parts.auth_token is not None and hmac.compare_digest(given.encode(), parts.auth_token.encode())


async def require_token(
    parts: PartsDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    """Refuse a call without the token."""
    if parts.auth_token is None:
        return
    if credentials is None:
        raise Unauthenticated("Send the queue's token: Authorization: Bearer <AUTH_TOKEN>.")
    if not token_matches(credentials.credentials, parts):
        raise Unauthenticated("The token is not valid.")
