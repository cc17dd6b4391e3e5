"""Tickets with which an operator's browser calls queue-api and webhook-dispatcher. platform-api issues them."""

import hashlib
import secrets

from darkroom_redis.client import RedisClient

OPERATOR_TICKET_TTL_S = 300
PREFIX = "do_"
_OPERATOR = "operator"


class OperatorTickets:
    """Issues and verifies tickets. Redis stores only their hashes, until they expire."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def make_operator_ticket(self) -> str:
        """Return a new ticket, valid for five minutes."""
        ticket = PREFIX + secrets.token_urlsafe(24)
        await self._client.guard(self._client.redis_py.set(self._key(ticket), _OPERATOR, ex=OPERATOR_TICKET_TTL_S))
        return ticket

    async def is_operator(self, ticket: str) -> bool:
        """Return whether the ticket is valid. Tickets of WebSockets are not, whatever their prefix."""
        if not ticket.startswith(PREFIX):
            return False
        return bool(await self._client.guard(self._client.redis_py.get(self._key(ticket))) == _OPERATOR)

    def _key(self, ticket: str) -> str:
        return self._client.keys.ticket(hashlib.sha256(ticket.encode(errors="surrogatepass")).hexdigest())
