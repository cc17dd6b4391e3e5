"""Checks the form of URLs that users name."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from yarl import URL

from darkroom_outbound.errors import RefusedUrl

MAX_URL_CHARS = 4000
_SCHEMES = frozenset({"http", "https"})
_MAX_HOST_CHARS = 253
_UNWANTED = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?", re.IGNORECASE)
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)
"""Hosts whose last part is a number: C libraries read them as IPv4 addresses (URL Standard, "ends in a number")."""

REFUSED_PORTS: Final = frozenset({
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
})  # fmt: skip
"""Ports of other protocols: the bad ports of the Fetch Standard."""


def read_url(text: str, *, max_chars: int = MAX_URL_CHARS) -> URL:
    """Return a URL with its host in ASCII. Raises RefusedUrl with what it must be."""
    if len(text) > max_chars:
        raise RefusedUrl(f"must have at most {max_chars} characters")
    if _UNWANTED.search(text):
        raise RefusedUrl("must not contain spaces, control characters or backslashes")
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except ValueError:  # also of hosts that cannot be encoded: UnicodeError is one
        raise RefusedUrl("must be a valid URL, such as https://example.com/path") from None
    if url.scheme not in _SCHEMES or not host:
        raise RefusedUrl("must start with http:// or https:// and name a host")
    if url.raw_user is not None or url.raw_password is not None:
        raise RefusedUrl("must not contain a user name or password")
    if port in REFUSED_PORTS:
        raise RefusedUrl(f"must not name port {port}, which belongs to another protocol")
    _check_host(host)
    return url


def _check_host(host: str) -> None:
    try:
        if ":" in host:
            if IPv6Address(host).scope_id is not None:
                raise RefusedUrl("must not name a network interface")
            return
        if _NUMERIC.fullmatch(host):
            IPv4Address(host)
            return
    except AddressValueError:
        raise RefusedUrl("must write an IP address in its usual notation, such as 192.0.2.1") from None
    if len(host) > _MAX_HOST_CHARS or not _NAME.fullmatch(host):
        raise RefusedUrl("must name a valid host: parts of letters, digits and hyphens, of at most 63 characters each")
