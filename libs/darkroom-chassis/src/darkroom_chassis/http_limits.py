"""Limits of an HTTP server on clients and their requests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Limits of one server process.

    `header_bytes` counts the request line and all header fields. `request_s` limits the time from the first byte of a
    request, or from the connection, until headers and body are complete. `send_s` limits the time for which a client
    reads nothing of a response.
    """

    header_bytes: int = 65_536
    request_s: float = 30.0
    send_s: float = 60.0
    connections: int = 4096
