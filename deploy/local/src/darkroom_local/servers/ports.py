"""Finds free TCP ports on the loopback interface, and the process that holds a port."""

import errno
import secrets
import socket
from collections.abc import Collection
from itertools import islice

import psutil

RANGE = range(15_000, 32_768)
"""Below the ephemeral ports of Linux and macOS. An outgoing connection, even one to the server itself, could otherwise
take a port before its server starts or while it restarts."""


def free_ports(count: int, *, avoid: Collection[int] = ()) -> list[int]:
    """Return `count` different ports on which nothing listens now; raises OSError if there are fewer."""
    tried = secrets.SystemRandom().sample(RANGE, len(RANGE))
    found = list(islice((port for port in tried if port not in avoid and _is_free(port)), count))
    if len(found) < count:
        raise OSError(errno.EADDRINUSE, f"fewer than {count} ports from {RANGE.start} to {RANGE.stop - 1} are free")
    return found


def _is_free(port: int) -> bool:
    try:
        try_to_listen(port)
    except OSError:
        return False
    return True


def try_to_listen(port: int, host: str = "127.0.0.1") -> None:
    """Bind the port and release it; raises the OSError that a server would get."""
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)


def holder_of(port: int) -> str | None:
    """Return the name and id of the process that listens on the port, or None if this user may not see it."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens and connection.pid:
            return f"{psutil.Process(connection.pid).name()}, pid {connection.pid}"
    return None
