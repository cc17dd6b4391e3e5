"""Decides to which addresses requests may be sent: public ones, and networks that the operator allows."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that is allocated for use on the internet (RFC 4291, section 2.5.4)

# Python's is_global accepts these, although they can reach other hosts than the address indicates.
_NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.52.193.0/24",  # multicast relays (RFC 7450)
        "224.0.0.0/4",  # multicast
        "2001::/23",  # Teredo and other protocol assignments (RFC 2928)
        "2001:db8::/32", "3fff::/20",  # documentation (RFC 3849, RFC 9637)
        "2002::/16",  # 6to4: embedded IPv4 address (RFC 3056)
    )
)  # fmt: skip
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""Middle of an IPv6 address whose last 32 bits are an IPv4 address (RFC 5214)."""


def may_dial(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether requests may be sent to a literal IP address. Text that is not an address, or has a zone, is refused."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return False
        parsed = parsed.ipv4_mapped or parsed
    if _is_in(parsed, allowed):
        return True
    if _is_in(parsed, _NEVER) or not parsed.is_global or parsed.is_multicast or parsed.is_reserved or parsed.is_private:
        return False
    return isinstance(parsed, IPv4Address) or (
        parsed in _GLOBAL_UNICAST and (int(parsed) >> 32) & 0xFFFFFFFF not in _ISATAP
    )


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
