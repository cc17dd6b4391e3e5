"""Tickets that one service makes and another takes, once: for WebSockets, with which browsers send no headers."""

import hashlib
import secrets
from dataclasses import dataclass

from darkroom_schemas.ids import TenantId

from darkroom_queue.link import RedisLink

TICKET_TTL_S = 30
_EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """What a ticket opens: the events of one tenant, or, with None, everybody's."""

    tenant: TenantId | None


class Tickets:
    """Redis keeps only their hashes, and forgets them after 30 s."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def make(self, tenant: TenantId | None) -> str:
        """Return a new ticket."""
        ticket = secrets.token_urlsafe(24)
        holder = _EVERYBODY if tenant is None else tenant
        await self._link.guard(self._link.client.set(self._key(ticket), holder, ex=TICKET_TTL_S))
        return ticket

    async def take(self, ticket: str) -> TicketHolder | None:
        """Use a ticket up; None if it is unknown, old, or was taken before."""
        holder: str | None = await self._link.guard(self._link.client.getdel(self._key(ticket)))
        if holder is None:
            return None
        return TicketHolder(None if holder == _EVERYBODY else TenantId(holder))

    def _key(self, ticket: str) -> str:
        return self._link.keys.ticket(hashlib.sha256(ticket.encode()).hexdigest())
