"""Where a client is, for limits: its address, or for IPv6 the network that one customer usually has."""

from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection

CUSTOMER_PREFIX = 64


def client_network(connection: HTTPConnection) -> str:
    """Return the IPv4 address, the /64 of an IPv6 address, or "unknown": the client's where a trusted proxy says it."""
    host = connection.client.host if connection.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address.packed, CUSTOMER_PREFIX), strict=False))
