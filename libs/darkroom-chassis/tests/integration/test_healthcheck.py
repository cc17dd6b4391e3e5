"""The health check of containers passes for a ready service only."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from darkroom_chassis.healthcheck import main
from darkroom_local.servers.ports import free_ports


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Serve this status at `/readyz`, and 404 elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(b'{"checks": {"redis": "RedisUnavailable"}}')

        def log_message(self, *_: object) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_ready_service_is_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200) as port:
        assert main(port) == 0
    assert capsys.readouterr().err == ""


def test_a_service_that_is_not_ready_is_unhealthy_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(503) as port:
        assert main(port) == 1
    assert "RedisUnavailable" in capsys.readouterr().err


def test_a_service_that_does_not_listen_is_unhealthy(capsys: pytest.CaptureFixture[str]) -> None:
    [port] = free_ports(1)
    assert main(port) == 1
    assert "does not answer" in capsys.readouterr().err
