"""Readiness probes of servers and services; each call makes one attempt, with a timeout of a second."""

import http.client
import socket
from pathlib import Path

from darkroom_local.servers.process import Ready

ATTEMPT_TIMEOUT_S = 1.0
PID_LINE, STATUS_LINE = 0, 7  # of PostgreSQL's postmaster.pid


def postmaster_ready(data: Path) -> Ready:
    """Return a probe that reads PostgreSQL's pid file: ready if it names the process with status `ready`."""

    def ready(pid: int) -> bool:
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready" and lines[PID_LINE] == str(pid)

    return ready


def valkey_ready(port: int, password: str) -> Ready:
    """Return a probe that sends PING with the password; Valkey answers it with an error while it loads its data."""

    def ready(_pid: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), ATTEMPT_TIMEOUT_S) as connection:
                connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                replies = connection.makefile("rb")
                return replies.readline().startswith(b"+OK") and replies.readline().startswith(b"+PONG")
        except OSError:
            return False

    return ready


def http_ready(port: int, host: str = "127.0.0.1", path: str = "/readyz") -> Ready:
    """Return a probe that expects 200 from GET of a path."""

    def ready(_pid: int) -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=ATTEMPT_TIMEOUT_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ready
