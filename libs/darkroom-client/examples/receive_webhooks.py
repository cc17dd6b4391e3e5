"""Receive webhooks: register an endpoint, verify what arrives, remove the endpoint.

The receiver listens on this machine, which a stack of `darkroom up` on the same machine may reach. Elsewhere, put it
behind a public address and register that.
"""

from http.server import BaseHTTPRequestHandler, HTTPServer

from darkroom_client import Client, NotGenuine, WebhookEvent, verify_webhook

received: list[WebhookEvent] = []


def receiver(secret: str) -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                received.append(verify_webhook(secret, dict(self.headers), body))
                self.send_response(204)
            except NotGenuine:
                self.send_response(400)
            self.end_headers()

    return Receiver


with Client() as client, HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
    server.timeout = 30
    webhook = client.webhooks.add(f"http://127.0.0.1:{server.server_port}/", events=["job.completed"])
    try:
        server.RequestHandlerClass = receiver(webhook.secret)
        client.webhooks.test(webhook.id)
        server.handle_request()
    finally:
        client.webhooks.remove(webhook.id)

for event in received:
    print(event.type, event.id)
