"""Requests to one server that the operator configured: its URL is trusted, and redirects are not followed."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
from darkroom_outbound import BlockedAddress, parse_retry_after
from yarl import URL

from gpu_worker import VERSION
from gpu_worker.backends.credentials import Credential
from gpu_worker.connectors.answers import MAX_JSON_BYTES, read_json, read_refusal
from gpu_worker.connectors.server_faults import BadAnswer, ConnectionLost, Refused, ServerFault, Unreachable

USER_AGENT = f"Darkroom-Worker/{VERSION}"
CONNECT_TIMEOUT_S = 5.0
REQUEST_TIMEOUT_S = 30.0


class ServerSession:
    """Requests below one base URL, with the credential of its entry.

    Each request has a connection of its own: a POST on a connection that the server is closing would leave open whether
    it was received. All methods raise ServerFault.
    """

    def __init__(self, base_url: str, credential: Credential | None = None) -> None:
        self._base_url, self._credential = base_url, credential
        self._client: aiohttp.ClientSession | None = None

    @property
    def client(self) -> aiohttp.ClientSession:
        """Return aiohttp's session, which is opened in the running loop at first use."""
        if self._client is None:
            self._client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                headers={"User-Agent": USER_AGENT, **authorization(self._credential)},
            )
        return self._client

    def url(self, path: str) -> str:
        """Return the URL of a path, which starts with a slash."""
        return f"{self._base_url}{path}"

    async def json(
        self, method: str, path: str, *, body: Any = None, params: Mapping[str, str] | None = None,
        timeout_s: float | None = REQUEST_TIMEOUT_S, limit: int = MAX_JSON_BYTES,
    ) -> Any:  # fmt: skip
        """Send a request, with a JSON body unless it is None, and return the JSON of the answer."""
        async with self.open(method, path, json=body, params=params, timeout_s=timeout_s) as answer:
            return await read_json(answer, limit)

    @asynccontextmanager
    async def open(
        self, method: str, path: str | URL, *, timeout_s: float | None = REQUEST_TIMEOUT_S,
        silence_s: float | None = None, **options: Any,
    ) -> AsyncIterator[aiohttp.ClientResponse]:  # fmt: skip
        """Send a request and yield its answer, with a status below 300, for its body to be read.

        `path` is below the base URL, or a URL of the same origin. `timeout_s` limits everything, `silence_s` the wait
        for each part of the answer. `options` are aiohttp's.
        """
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S, sock_read=silence_s)
        url = URL(self.url(path)) if isinstance(path, str) else path
        if url.origin() != URL(self._base_url).origin():
            raise ValueError("the credential is for the origin of the base URL only")
        async with (
            translated(),
            self.client.request(method, url, timeout=timeout, allow_redirects=False, **options) as answer,
        ):
            if answer.status >= 400:
                raise await refusal_of(answer, self._credential)
            if answer.status >= 300:
                raise BadAnswer(f"The server answers with a redirect (HTTP {answer.status}); set its final URL")
            yield answer

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()


async def refusal_of(answer: aiohttp.ClientResponse, credential: Credential | None) -> Refused:
    """Return the fault of an answer with a status of 400 or more; its sentence does not contain the secret."""
    detail, body = await read_refusal(answer)
    if credential is not None:
        detail = detail.replace(credential.secret.get_secret_value(), "…")
    retry_after_s = parse_retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
    return Refused(answer.status, detail, body, retry_after_s)


def authorization(credential: Credential | None) -> dict[str, str]:
    """Return the Authorization header of a credential: Basic with a user name, otherwise Bearer."""
    if credential is None:
        return {}
    secret = credential.secret.get_secret_value()
    if credential.username is not None:
        return {"Authorization": aiohttp.encode_basic_auth(credential.username, secret, "utf-8")}
    return {"Authorization": f"Bearer {secret}"}


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Turn the errors of aiohttp into ServerFault."""
    try:
        yield
    except (ServerFault, BlockedAddress):
        raise
    except aiohttp.ClientConnectorCertificateError as error:
        reason = getattr(error.certificate_error, "verify_message", None) or "not valid"
        raise Unreachable(f"The server's TLS certificate is refused: {reason}") from error
    except aiohttp.ClientConnectorSSLError as error:
        raise Unreachable("The server does not speak TLS as it should; check https:// in its URL") from error
    except aiohttp.ClientConnectorDNSError as error:
        raise Unreachable("The server's host name cannot be resolved") from error
    except aiohttp.ClientConnectorError as error:
        number = error.os_error.errno
        reason = os.strerror(number) if number else "no connection"  # its text has the address
        raise Unreachable(f"The server cannot be reached: {reason}") from error
    except aiohttp.ConnectionTimeoutError as error:
        raise Unreachable("The server cannot be reached: no connection in time") from error
    except TimeoutError as error:
        raise ConnectionLost("The server did not answer in time") from error
    except aiohttp.InvalidURL as error:
        raise Unreachable("The server's URL is not valid") from error
    except (aiohttp.ClientError, OSError) as error:
        raise ConnectionLost(f"The connection to the server was lost ({type(error).__name__})") from error
