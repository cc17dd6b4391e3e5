"""Tickets that one service makes and another takes, once: for WebSockets, with which browsers send no headers."""

import hashlib
import secrets
from dataclasses import dataclass

from darkroom_schemas.ids import TenantId

from darkroom_redis.client import RedisClient

TICKET_TTL_S = 30
REMEMBERED_S = 300
"""An expired ticket is known as such for so long."""
_EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """What a ticket opens: the events of one tenant, or, with None, everybody's.

    `until_ms` is when the credential ends that the ticket was made for, Unix ms; None if it does not.
    """

    tenant: TenantId | None
    until_ms: int | None = None


class TicketExpired(Exception):
    """The ticket was good once; its owner may get another one."""


class Tickets:
    """Redis keeps only their hashes, and forgets them some minutes after they expired."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def make(self, tenant: TenantId | None, *, until_ms: int | None = None) -> str:
        """Return a new ticket, good for 30 s; what it opens is closed again at `until_ms`."""
        ticket = secrets.token_urlsafe(24)
        holder = _EVERYBODY if tenant is None else tenant
        text = holder if until_ms is None else f"{holder}\t{until_ms}"
        await self._client.guard(self._client.redis_py.set(self._key(ticket), text, ex=TICKET_TTL_S + REMEMBERED_S))
        return ticket

    async def take(self, ticket: str) -> TicketHolder | None:
        """Use a ticket up; None if it is unknown or was taken before. Raises `TicketExpired`."""
        key = self._key(ticket)
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            pipe.pttl(key)
            pipe.getdel(key)
            left_ms, text = await self._client.guard(pipe.execute())
        if text is None:
            return None
        if left_ms <= REMEMBERED_S * 1000:
            raise TicketExpired("the ticket was made more than 30 s ago")
        holder, _, until = text.partition("\t")
        return TicketHolder(None if holder == _EVERYBODY else TenantId(holder), int(until) if until else None)

    def _key(self, ticket: str) -> str:
        return self._client.keys.ticket(hashlib.sha256(ticket.encode(errors="surrogatepass")).hexdigest())
