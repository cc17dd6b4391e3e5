"""One-time tickets for WebSockets; Redis keeps only their hashes, and forgets them after 30 s."""

import hashlib
import secrets

from darkroom_queue import RedisLink

from queue_api.domain.limits import TICKET_TTL_S


class RedisTickets:
    """Implements `Tickets`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def make(self) -> str:
        """Return a new ticket."""
        ticket = secrets.token_urlsafe(24)
        await self._link.guard(self._link.client.set(_key(ticket), 1, ex=TICKET_TTL_S))
        return ticket

    async def take(self, ticket: str) -> bool:
        """Use a ticket up; False if it is unknown, old, or was taken before."""
        return await self._link.guard(self._link.client.getdel(_key(ticket))) is not None


def _key(ticket: str) -> str:
    return "queue-api:ticket:" + hashlib.sha256(ticket.encode()).hexdigest()
