"""TCP ports on the loopback: find free ones, and say who holds a taken one."""

import socket

import psutil


def free_ports(count: int) -> list[int]:
    """Return different ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [int(sock.getsockname()[1]) for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


def try_to_listen(port: int, host: str = "127.0.0.1") -> None:
    """Raise the OSError that a server would meet that listens there."""
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)


def holder_of(port: int) -> str | None:
    """Name the process that listens on the port, as far as this user may know."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens and connection.pid:
            return f"{psutil.Process(connection.pid).name()}, pid {connection.pid}"
    return None
