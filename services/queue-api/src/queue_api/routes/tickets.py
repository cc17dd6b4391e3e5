"""`/api/ws-ticket`: browsers cannot send headers with a WebSocket, so they trade the token for a one-time ticket."""

from darkroom_redis import TICKET_TTL_S
from fastapi import APIRouter, Depends

from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute

router = APIRouter(prefix="/ws-ticket", tags=["jobs"], dependencies=[Depends(require_token)], route_class=BoundedRoute)


@router.post("", status_code=201, summary="Make a one-time WebSocket ticket")
async def make_ticket(context: Ctx) -> dict[str, str | int]:
    """Return a ticket for `?token=` of one WebSocket connection."""
    return {"ticket": await context.tickets.make(None), "expires_in": TICKET_TTL_S}
