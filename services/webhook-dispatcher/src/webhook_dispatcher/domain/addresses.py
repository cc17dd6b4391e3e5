"""Decides to which addresses webhooks may be sent: public ones, and private networks that the operator allows."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

# Python's is_global accepts these, although they can reach other hosts than the address indicates.
_NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "224.0.0.0/4", "ff00::/8",  # multicast
        "64:ff9b::/96", "64:ff9b:1::/48",  # NAT64: embedded IPv4 address (RFC 6052, RFC 8215)
        "2002::/16",  # 6to4, likewise (RFC 3056)
        "2001::/23",  # Teredo and other protocol assignments (RFC 2928)
        "::/96",  # IPv4-compatible, deprecated (RFC 4291)
        "100::/64", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
    )
)  # fmt: skip


def may_dial(address: str, allowed: Sequence[Network]) -> bool:
    """Whether a webhook may be sent to a literal IP address. Text that is not an address is refused."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if any(parsed.version == network.version and parsed in network for network in allowed):
        return True
    if any(parsed.version == network.version and parsed in network for network in _NEVER):
        return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_private)
