"""Sends webhooks. Addresses that are not permitted are refused when a socket is opened; redirects are not followed."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from darkroom_outbound import BlockedAddress, GuardedClient, OutboundPolicy, RefusedUrl, parse_retry_after

from webhook_dispatcher.domain.delivery import TIMED_OUT, Attempted, Credentials, DueDelivery
from webhook_dispatcher.domain.payload import request_of
from webhook_dispatcher.domain.signature import Signer

USER_AGENT = "Darkroom-Webhooks/0.1"
MAX_ANSWER_BYTES = 16_384
CONNECT_S, BODY_S = 5.0, 2.0


class WebhookSender:
    """Implements `Sender`. An async context manager that owns the connections."""

    def __init__(
        self,
        policy: OutboundPolicy,
        signer: Signer,
        *,
        timeout_s: float,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._signer = signer
        self._client = GuardedClient(
            policy,
            timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(CONNECT_S, timeout_s)),
            connections=0,  # no limit: the wait for a pooled connection would count against the time limit
            headers={"User-Agent": USER_AGENT, "Content-Type": "application/json"},
            resolver=resolver,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def send(self, delivery: DueDelivery, credentials: Credentials) -> Attempted:
        started = time.perf_counter()
        headers, body = request_of(delivery, credentials, timestamp_s=int(time.time()), signer=self._signer)
        try:
            async with self._client.request("POST", delivery.url, data=body, headers=headers) as answer:
                received = await _read_some(answer)
                retry_after_s = parse_retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
                error = None if 200 <= answer.status < 300 else f"HTTP {answer.status}"
                return Attempted(answer.status, error, time.perf_counter() - started, retry_after_s, received)
        except (TimeoutError, aiohttp.ClientError, OSError, RefusedUrl) as failure:
            return Attempted(None, _failure_name(failure), time.perf_counter() - started)


async def _read_some(answer: aiohttp.ClientResponse) -> bytes:
    """Return the beginning of a body. The status decides, so what happens while the body is read does not matter."""
    received = bytearray()
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(BODY_S):
            while len(received) < MAX_ANSWER_BYTES and (part := await answer.content.read(MAX_ANSWER_BYTES)):
                received += part
    return bytes(received[:MAX_ANSWER_BYTES])


def _failure_name(failure: BaseException) -> str:
    """Return the name of a failure for the delivery log, without contents of the response or the address."""
    match failure:
        case BlockedAddress():
            return "blocked address"
        case RefusedUrl():
            return f"refused URL: {failure}"
        case TimeoutError():
            return TIMED_OUT
        case aiohttp.ClientConnectorError():
            return type(failure.os_error).__name__
        case _:
            return type(failure).__name__
