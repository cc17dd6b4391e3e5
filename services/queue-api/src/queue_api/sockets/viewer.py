"""Authorization of WebSockets: all events with the operator's token, one tenant's with a ticket of the platform."""

from darkroom_queue import Producer
from darkroom_redis import TicketHolder
from darkroom_schemas.events import Event
from darkroom_schemas.ids import StepId
from starlette.websockets import WebSocket

from queue_api.context import Context
from queue_api.domain.messages import Message

REMEMBERED_JOBS = 10_000
ALL_TENANTS = TicketHolder(None)


async def holder_of(socket: WebSocket, context: Context) -> TicketHolder | None:
    """Return the rights of a connection, by its token or ticket; None if it has none. Raises `TicketExpired`."""
    if context.auth_token is None:
        return ALL_TENANTS
    scheme, _, given = socket.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and context.token_matches(given):
        return ALL_TENANTS
    ticket = socket.query_params.get("token")
    return await context.tickets.take(ticket) if ticket is not None else None


class Viewer:
    """Filters the events and progress of one connection."""

    def __init__(self, holder: TicketHolder, producer: Producer) -> None:
        self._tenant, self._producer = holder.tenant, producer
        self._own: dict[str, bool] = {}

    def sees(self, event: Event) -> bool:
        """Whether the viewer may see an event."""
        return self._tenant is None or event.tenant == self._tenant

    async def sees_progress(self, message: Message) -> bool:
        """Whether the viewer may see progress. It names no tenant, so the queue is queried once per job."""
        if self._tenant is None:
            return True
        job_id = message["workflow_id"]
        if job_id not in self._own:
            if len(self._own) >= REMEMBERED_JOBS:
                self._own.clear()
            step = await self._producer.read(StepId(message["job_id"]))
            self._own[job_id] = step is not None and step.tenant == self._tenant
        return self._own[job_id]
