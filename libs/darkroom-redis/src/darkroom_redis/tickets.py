"""Single-use tickets for WebSockets, for which browsers cannot send headers. One service issues them, another one
redeems them."""

import hashlib
import secrets
from dataclasses import dataclass

from darkroom_schemas.ids import TenantId

from darkroom_redis.client import RedisClient

TICKET_TTL_S = 30
REMEMBERED_S = 300
"""Time for which an expired ticket is reported as expired rather than unknown."""
_ALL_TENANTS = "*"


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """The rights of a ticket: the events of one tenant, or of all tenants if `tenant` is None.

    `until_ms` is the expiry of the credential for which the ticket was issued, in Unix ms; None if it does not expire.
    """

    tenant: TenantId | None
    until_ms: int | None = None


class TicketExpired(Exception):
    """The ticket was valid but has expired. Its owner may get another one."""


class Tickets:
    """Issues and redeems tickets. Redis stores only their hashes, until `REMEMBERED_S` after their expiry."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def make(self, tenant: TenantId | None, *, until_ms: int | None = None) -> str:
        """Return a new ticket, valid for 30 s. What it opens must be closed at `until_ms`."""
        ticket = secrets.token_urlsafe(24)
        holder = _ALL_TENANTS if tenant is None else tenant
        text = holder if until_ms is None else f"{holder}\t{until_ms}"
        await self._client.guard(self._client.redis_py.set(self._key(ticket), text, ex=TICKET_TTL_S + REMEMBERED_S))
        return ticket

    async def take(self, ticket: str) -> TicketHolder | None:
        """Redeem a ticket; None if it is unknown or was redeemed before. Raises `TicketExpired`."""
        key = self._key(ticket)
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            pipe.pttl(key)
            pipe.getdel(key)
            left_ms, text = await self._client.guard(pipe.execute())
        if text is None:
            return None
        if left_ms <= REMEMBERED_S * 1000:
            raise TicketExpired("the ticket was issued more than 30 s ago")
        holder, _, until = text.partition("\t")
        return TicketHolder(None if holder == _ALL_TENANTS else TenantId(holder), int(until) if until else None)

    def _key(self, ticket: str) -> str:
        return self._client.keys.ticket(hashlib.sha256(ticket.encode(errors="surrogatepass")).hexdigest())
