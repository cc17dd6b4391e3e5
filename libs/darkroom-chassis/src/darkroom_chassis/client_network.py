"""The network of a client, by which limits count: its IPv4 address, or the /64 that one IPv6 customer usually has."""

from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection

CUSTOMER_PREFIX = 64


def client_network(connection: HTTPConnection) -> str:
    """Return the IPv4 address, the /64 of an IPv6 address, or "unknown". Behind a trusted proxy it is the client's."""
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
