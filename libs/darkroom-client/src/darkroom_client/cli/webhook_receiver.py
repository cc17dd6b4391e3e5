"""A receiver on this machine that verifies webhooks, for `darkroom webhooks listen`."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from darkroom_client.errors import NotGenuine
from darkroom_client.webhook_signatures import WebhookEvent, verify_webhook

MAX_BODY_BYTES = 16 * 1024 * 1024
READ_S = 15.0


class WebhookReceiver:
    """Listens while it is open. `got` is called with each genuine event, `refused` with the reason for others.

    Answers 503 until `secret` is set, so that what arrives before is sent again.
    """

    def __init__(
        self, host: str, port: int, got: Callable[[WebhookEvent], None], refused: Callable[[str], None]
    ) -> None:
        self.secret: str | None = None
        self._server = ThreadingHTTPServer((host, port), _handler(self, got, refused))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return self._server.server_port

    def __enter__(self) -> "WebhookReceiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(
    receiver: WebhookReceiver, got: Callable[[WebhookEvent], None], refused: Callable[[str], None]
) -> type[BaseHTTPRequestHandler]:
    printing = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = READ_S
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self._answer(self._status())

        def _status(self) -> int:
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES:
                self.close_connection = True
                return 413
            body = self.rfile.read(int(length))
            if receiver.secret is None:
                return 503
            try:
                event = verify_webhook(receiver.secret, dict(self.headers), body)
            except NotGenuine as error:
                with printing:
                    refused(str(error))
                return 400
            with printing:
                got(event)
            return 204

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing but events."""

    return Handler
