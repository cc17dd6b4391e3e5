"""Authorization of WebSockets: all events with the operator's token, one tenant's with a ticket of the platform."""

from darkroom_redis import TicketHolder
from darkroom_schemas.ids import StepId, TenantId
from starlette.websockets import WebSocket

from queue_api.context import Context
from queue_api.domain.frames import Frame, Topic
from queue_api.domain.ports import Directory
from queue_api.domain.subscription import Subscription

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
    """Decides which frames a connection gets."""

    def __init__(self, holder: TicketHolder, directory: Directory) -> None:
        self._tenant, self._directory = holder.tenant, directory

    def may_see(self, tenant: TenantId) -> bool:
        """Whether the viewer may see jobs of a tenant."""
        return self._tenant in {None, tenant}

    def admits_at_once(self, frame: Frame, subscription: Subscription) -> bool | None:
        """Whether the viewer may see a frame, and wants it; None if the queue must be asked, as by `admits`."""
        if self._tenant is not None and frame.topic is not Topic.JOBS_PROGRESS and frame.tenant != self._tenant:
            return False
        is_unknown = self._tenant is not None and frame.topic is Topic.JOBS_PROGRESS
        return None if is_unknown or subscription.needs_facts(frame) else subscription.admits(frame)

    async def admits(self, frame: Frame, subscription: Subscription) -> bool:
        """Whether the viewer may see a frame, and wants it; raises `RedisUnavailable`."""
        if self._tenant is not None and not await self._is_own(frame):
            return False
        facts = None
        if subscription.needs_facts(frame) and frame.job_id is not None:
            facts = (await self._directory.get(StepId(frame.job_id))).facts
        return subscription.admits(frame, facts)

    async def _is_own(self, frame: Frame) -> bool:
        """Whether a frame is about a job of the viewer. Progress names no tenant, so the queue is asked once a job."""
        if frame.topic is Topic.JOBS_PROGRESS and frame.job_id is not None:
            return (await self._directory.get(StepId(frame.job_id))).tenant == self._tenant
        return frame.tenant == self._tenant
