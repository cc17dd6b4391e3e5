"""Checks where a URL leads before it is stored. Deliveries check again, when they open a socket."""

import asyncio
import socket
from contextlib import suppress

from darkroom_outbound import BlockedAddress, OutboundPolicy, may_dial

LOOKUP_S = 2.0


class Addresses:
    """Implements `UrlGuard`."""

    def __init__(self, policy: OutboundPolicy) -> None:
        self._policy = policy

    async def check(self, url: str) -> None:
        host = self._policy.check(url).raw_host or ""
        found: list[str] = []
        with suppress(TimeoutError, OSError, UnicodeError):  # a name may be registered before it is known to DNS
            async with asyncio.timeout(LOOKUP_S):
                answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
                found = [str(answer[4][0]) for answer in answers]
        if found and not any(may_dial(address, self._policy.networks) for address in found):
            raise BlockedAddress
