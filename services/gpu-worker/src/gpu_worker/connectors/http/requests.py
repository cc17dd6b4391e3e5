"""Sends the requests of one attempt: the one that the payload describes, and later ones for its result."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
from darkroom_outbound import (
    BadRedirect,
    BlockedAddress,
    GuardedClient,
    RefusedUrl,
    follow_redirects,
    matches_host,
    read_url,
)
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import FetchPayload
from yarl import URL

from gpu_worker.backends.credentials import Credential
from gpu_worker.connectors.session import authorization, refusal_of, translated
from gpu_worker.domain.failures import Failure

_CONNECTION_HEADERS = frozenset({
    "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip


class FetchRequests:
    """Raises Failure for a payload that may not be sent, and ServerFault for a request without a usable answer."""

    def __init__(self, client: GuardedClient, payload: FetchPayload, credentials: Mapping[str, Credential]) -> None:
        self._client, self._payload = client, payload
        self._credential = _chosen(payload, credentials)
        for name in payload.headers:
            if name.lower() in _CONNECTION_HEADERS:
                raise Failure(StepErrorCode.INVALID_PAYLOAD, f"headers.{name}: is set by the worker")

    @asynccontextmanager
    async def first(self) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send the payload's request and yield its answer, which has a status below 300."""
        payload = self._payload
        data, content_type = _body(payload)
        headers = {"Content-Type": content_type} if content_type else {}
        if self._credential is not None and not self._may_have_credential(_read(payload.url, "url")):
            host = URL(payload.url).host
            raise Failure(
                StepErrorCode.INVALID_PAYLOAD,
                f"credential: the operator does not permit {payload.credential!r} for {host}",
            )
        async with self._send(payload.method, payload.url, "url", headers, data=data) as answer:
            yield answer

    @asynccontextmanager
    async def later(self, url: str, field: str, method: str = "GET") -> AsyncIterator[aiohttp.ClientResponse]:
        """Request a URL, relative ones too, that an answer named. The payload's headers go to its own origin only."""
        base = _read(self._payload.url, "url")
        with _named(field):
            try:
                target = str(base.join(URL(url)))
            except ValueError:
                raise RefusedUrl("must be a valid URL") from None
        async with self._send(method, target, field, {}) as answer:
            yield answer

    @asynccontextmanager
    async def _send(
        self, method: str, url: str, field: str, more: Mapping[str, str], **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        target = _read(url, field)
        headers = dict(more)
        if target.origin() == _read(self._payload.url, "url").origin():
            headers |= self._payload.headers
        if self._may_have_credential(target):
            headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
            headers |= authorization(self._credential)
        async with (
            translated(),
            _named_async(field),
            follow_redirects(self._client, method, url, headers=headers, **options) as answer,
        ):
            if answer.status >= 400:
                raise await refusal_of(answer, self._credential)
            yield answer

    def _may_have_credential(self, url: URL) -> bool:
        return self._credential is not None and matches_host(url.raw_host or "", self._credential.hosts)


def _chosen(payload: FetchPayload, credentials: Mapping[str, Credential]) -> Credential | None:
    if payload.credential is None:
        return None
    if payload.credential not in credentials:
        raise Failure(
            StepErrorCode.INVALID_PAYLOAD, f"credential: this worker has none that is named {payload.credential!r}"
        )
    return credentials[payload.credential]


def _body(payload: FetchPayload) -> tuple[bytes | None, str | None]:
    """Return the body and its type, unless the payload's headers say the type."""
    if payload.body is None:
        return None, None
    if isinstance(payload.body, str):
        data, content_type = payload.body.encode(errors="replace"), "text/plain; charset=utf-8"
    else:
        data, content_type = json.dumps(payload.body).encode(), "application/json"
    given = any(name.lower() == "content-type" for name in payload.headers)
    return data, None if given else content_type


def _read(url: str, field: str) -> URL:
    with _named(field):
        return read_url(url)


@contextmanager
def _named(field: str) -> Iterator[None]:
    """Turn refusals of a URL into failures that name the payload's field."""
    try:
        yield
    except (RefusedUrl, BlockedAddress) as error:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"{field}: {error}") from error
    except BadRedirect as error:
        raise Failure(StepErrorCode.BACKEND, f"{field}: {error}") from error


@asynccontextmanager
async def _named_async(field: str) -> AsyncIterator[None]:
    with _named(field):
        yield
