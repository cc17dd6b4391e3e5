"""Probes that tell when a server or a service is ready; each makes one quick attempt."""

import http.client
import socket
from pathlib import Path

from darkroom_local.servers.process import Ready

ATTEMPT_TIMEOUT_S = 1.0
PID_LINE, STATUS_LINE = 0, 7  # of PostgreSQL's postmaster.pid


def postmaster_ready(data: Path) -> Ready:
    """Read PostgreSQL's pid file: it names our child and says ready."""

    def ready(pid: int) -> bool:
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready" and lines[PID_LINE] == str(pid)

    return ready


def valkey_ready(port: int, password: str) -> Ready:
    """PING with the password: while the append-only file loads, the answer is an error."""

    def ready(_pid: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), ATTEMPT_TIMEOUT_S) as connection:
                connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                replies = connection.makefile("rb")
                return replies.readline().startswith(b"+OK") and replies.readline().startswith(b"+PONG")
        except OSError:
            return False

    return ready


def http_ready(port: int, host: str = "127.0.0.1") -> Ready:
    """GET /readyz and expect 200."""

    def ready(_pid: int) -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=ATTEMPT_TIMEOUT_S)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ready
