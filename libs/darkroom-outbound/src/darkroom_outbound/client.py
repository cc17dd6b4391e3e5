"""An aiohttp client whose sockets open to permitted addresses only."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from darkroom_outbound.addresses import may_dial
from darkroom_outbound.errors import BlockedAddress
from darkroom_outbound.policy import OutboundPolicy

CHECKED_URLS = 1024
"""URLs that a client remembers as permitted, of those that were requested last."""


class GuardedClient:
    """Sends requests within a policy. It owns the connections; leaving it as an async context manager closes them.

    It follows no redirects, ignores proxies of the environment, and keeps no cookies.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        timeout: aiohttp.ClientTimeout,
        connections: int = 100,
        connections_per_host: int = 0,
        keep_alive: bool = True,
        dns_ttl_s: int = 60,
        headers: Mapping[str, str] | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._policy, self._timeout, self._headers = policy, timeout, headers or {}
        self._check = lru_cache(maxsize=CHECKED_URLS)(policy.check)  # of a URL, it always gives the same
        self._connections, self._connections_per_host = connections, connections_per_host
        self._keep_alive, self._dns_ttl_s, self._resolver = keep_alive, dns_ttl_s, resolver
        self._sessions: tuple[aiohttp.ClientSession, aiohttp.ClientSession] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        for session in self._sessions or ():
            await session.close()

    @asynccontextmanager
    async def request(self, method: str, url: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and yield its answer, a redirect too. `options` are aiohttp's.

        Raises RefusedUrl, BlockedAddress, and what aiohttp raises.
        """
        checked = self._check(url)
        guarded, trusting = self._open_sessions()
        session = trusting if self._policy.trusts(checked.raw_host or "") else guarded
        try:
            async with session.request(method, checked, allow_redirects=False, **options) as answer:
                yield answer
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, BlockedAddress):
                raise error.os_error from error
            raise

    def _open_sessions(self) -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
        """Return the session for any host, and the one for hosts that the operator allows; opens them at first use."""
        if self._sessions is None:
            resolver = self._resolver or ThreadedResolver()
            guard = _Guard(resolver, self._policy)
            self._sessions = self._session(guard, socket_factory=guard.make_socket), self._session(resolver)
        return self._sessions

    def _session(self, resolver: AbstractResolver, **options: Any) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._connections, limit_per_host=self._connections_per_host, force_close=not self._keep_alive,
            use_dns_cache=self._dns_ttl_s > 0, ttl_dns_cache=self._dns_ttl_s, resolver=resolver, **options,
        )  # fmt: skip
        return aiohttp.ClientSession(
            connector=connector, timeout=self._timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
        )  # fmt: skip


class _Guard(AbstractResolver):
    """Removes addresses that are not permitted from DNS answers, and opens no sockets to them."""

    def __init__(self, resolver: AbstractResolver, policy: OutboundPolicy) -> None:
        self._resolver, self._policy = resolver, policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        permitted = [result for result in found if may_dial(result["host"], self._policy.networks)]
        if found and not permitted:
            raise BlockedAddress
        return permitted

    async def close(self) -> None:
        await self._resolver.close()

    def make_socket(self, info: tuple[Any, ...]) -> socket.socket:  # Any: aiohttp's address info tuple
        """Open a socket for an address. aiohttp calls this for literal addresses, too, which it does not resolve."""
        family, kind, protocol, _, address = info
        if not may_dial(address[0], self._policy.networks):
            raise BlockedAddress
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        return made
