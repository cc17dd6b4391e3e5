"""Additional headers that an endpoint gets with each request."""

import re
from collections.abc import Mapping

MAX_HEADERS, MAX_NAME, MAX_VALUE = 20, 100, 2000
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\Z")
_RESERVED = frozenset({
    "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "te", "trailer", "connection",
    "keep-alive", "upgrade", "expect", "proxy-authorization", "proxy-connection", "accept-encoding", "user-agent",
})  # fmt: skip
_RESERVED_PREFIXES = ("webhook-", "x-webhook-", "x-event-", "svix-", "proxy-", "sec-", "x-forwarded-")


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise ValueError unless all headers may be sent: not those that belong to HTTP, to a proxy or to signatures."""
    if len(headers) > MAX_HEADERS:
        raise ValueError(f"must have at most {MAX_HEADERS} headers")
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("must name each header once, whatever its case")
    for name, value in headers.items():
        if len(name) > MAX_NAME or not _NAME.match(name):
            raise ValueError(f"must have names of letters, digits and hyphens, of at most {MAX_NAME} characters")
        if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_PREFIXES):
            raise ValueError(f"must not set {name}, which the dispatcher or HTTP sets")
        if len(value) > MAX_VALUE or not _VALUE.match(value):
            raise ValueError(f"must have values of 1 to {MAX_VALUE} printable ASCII characters")
