"""`/api/ws-ticket`: exchanges the token for a single-use ticket, since browsers send no headers with a WebSocket."""

from typing import Annotated

from darkroom_redis import TICKET_TTL_S
from fastapi import APIRouter, Depends

from queue_api.routes.access import Ctx, require_token, socket_until
from queue_api.routes.bounded import BoundedRoute

router = APIRouter(prefix="/ws-ticket", tags=["jobs"], dependencies=[Depends(require_token)], route_class=BoundedRoute)


@router.post("", status_code=201, summary="Create a single-use WebSocket ticket")
async def make_ticket(context: Ctx, until_ms: Annotated[int | None, Depends(socket_until)]) -> dict[str, str | int]:
    """Return a ticket for `?token=` of one WebSocket connection. `expires_in` is in seconds.

    A connection that an operator's ticket opened is closed with code 4001 after an hour.
    """
    return {"ticket": await context.tickets.make(None, until_ms=until_ms), "expires_in": TICKET_TTL_S}
