"""What one client may ask of an HTTP server before its request is complete."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Limits of one server process.

    `header_bytes` counts the request line and all header fields. `request_s` is the time from the first byte of a
    request, or from the connection, until headers and body are complete; `send_s` the time for which a client may
    read nothing of an answer.
    """

    header_bytes: int = 65_536
    request_s: float = 30.0
    send_s: float = 60.0
    connections: int = 4096
