"""Follows redirects one by one, each checked like the first URL."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from darkroom_outbound.client import GuardedClient
from darkroom_outbound.errors import BadRedirect
from darkroom_outbound.urls import read_url

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BODY_OPTIONS = ("data", "json")
_BODY_HEADERS = frozenset({"content-type", "content-encoding", "content-language"})
_FOR_ANY_ORIGIN = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"}) | _BODY_HEADERS
"""Headers that are sent to another origin. Any other one may be a credential."""


@asynccontextmanager
async def follow_redirects(
    client: GuardedClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    max_redirects: int = MAX_REDIRECTS,
    **options: Any,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Send a request and yield the first answer that is not a redirect.

    The method changes to GET as RFC 9110, section 15.4, describes: after 303, and after 301 and 302 for POST. After a
    redirect to another origin, headers that may be credentials are no longer sent. Raises BadRedirect for more than
    `max_redirects` redirects or a missing target, and what `GuardedClient.request` raises.
    """
    sent = dict(headers)
    for _ in range(max_redirects + 1):
        async with AsyncExitStack() as stack:
            answer = await stack.enter_async_context(client.request(method, url, headers=sent, **options))
            if answer.status not in _REDIRECTS:
                yield answer
                return
            target = _target(answer)
            if target.origin() != answer.url.origin():
                sent = {name: value for name, value in sent.items() if name.lower() in _FOR_ANY_ORIGIN}
            if _becomes_get(method, answer.status):
                method = "GET"
                sent = {name: value for name, value in sent.items() if name.lower() not in _BODY_HEADERS}
                options = {name: value for name, value in options.items() if name not in _BODY_OPTIONS}
            url = str(target)
    raise BadRedirect(f"the server redirects more than {max_redirects} times")


def _target(answer: aiohttp.ClientResponse) -> URL:
    """Return where an answer redirects to. Raises BadRedirect, or RefusedUrl for a URL of a kind that is refused."""
    location = answer.headers.get("Location")
    if not location:
        raise BadRedirect("the server redirects without a target")
    try:
        joined = answer.url.join(URL(location))
    except ValueError:
        raise BadRedirect("the server redirects to something that is not a URL") from None
    return read_url(str(joined.with_fragment(None)))


def _becomes_get(method: str, status: int) -> bool:
    return (status == 303 and method != "HEAD") or (status in {301, 302} and method == "POST")
