"""Sends webhooks with aiohttp. Addresses are checked when a socket is created, so the check covers literal addresses,
every DNS result, and names whose address changes between check and use. Redirects are not followed."""

import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import aiohttp

from webhook_dispatcher.domain.addresses import Network, may_dial
from webhook_dispatcher.domain.delivery import Attempted, DueDelivery
from webhook_dispatcher.domain.schedule import parse_retry_after
from webhook_dispatcher.domain.signature import signed_headers

USER_AGENT = "Darkroom-Webhooks/0.1"
MAX_ANSWER_BYTES = 4096


class BlockedAddress(OSError):
    """Webhooks must not be sent to this address."""


class WebhookSender:
    """Implements `Sender`. An async context manager that owns the connections."""

    def __init__(self, *, allowed: Sequence[Network], timeout_s: float, concurrency: int) -> None:
        self._allowed = allowed
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(5.0, timeout_s))
        self._concurrency = concurrency
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=self._concurrency, limit_per_host=8, ttl_dns_cache=60, socket_factory=self._guarded_socket
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Content-Type": "application/json"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def _guarded_socket(self, info: tuple[Any, ...]) -> socket.socket:  # Any: aiohttp's address info tuple
        family, kind, protocol, _, address = info
        if not may_dial(address[0], self._allowed):
            raise BlockedAddress("the address is not allowed")
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        return made

    async def send(self, delivery: DueDelivery, secret: str) -> Attempted:
        if self._session is None:
            raise RuntimeError("the sender is used outside of its context")
        started = time.perf_counter()
        headers = signed_headers(secret, delivery.message_id, int(time.time()), delivery.body)
        try:
            async with self._session.post(
                delivery.url, data=delivery.body, headers=headers, allow_redirects=False
            ) as answer:
                await answer.content.read(MAX_ANSWER_BYTES)  # so that the connection can be reused
                retry_after_s = parse_retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
                error = None if 200 <= answer.status < 300 else f"HTTP {answer.status}"
                return Attempted(answer.status, error, time.perf_counter() - started, retry_after_s)
        except (TimeoutError, aiohttp.ClientError, OSError) as failure:
            return Attempted(None, _failure_name(failure), time.perf_counter() - started)


def _failure_name(failure: BaseException) -> str:
    """Return the name of a failure for the delivery log, without contents of the response or the address."""
    cause = failure.os_error if isinstance(failure, aiohttp.ClientConnectorError) else failure
    if isinstance(cause, BlockedAddress):
        return "blocked address"
    return "timeout" if isinstance(failure, TimeoutError) else type(cause).__name__
