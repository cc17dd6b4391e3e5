"""A receiver of webhooks that remembers what it accepted, and now and then refuses."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

REFUSED = 0.03
"""Share of the requests that are answered with 500."""


@dataclass
class CountingReceiver:
    """`accepted` counts the answers 200 by message id; `order` has the ids in the order of their first one, by path.

    The path of an endpoint is its number.
    """

    draw: Random
    secrets: dict[str, str] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    order: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)
    port: int = 0
    _bodies: dict[str, int] = field(default_factory=dict)

    def url(self, number: int) -> str:
        """Return the URL of an endpoint."""
        return f"http://127.0.0.1:{self.port}/{number}"

    async def receive(self, request: web.Request) -> web.Response:
        """Answer a request."""
        number = request.match_info["number"]
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._check(number, headers, await request.text())
        if self.draw.random() < REFUSED:
            return web.Response(status=500)
        message = headers["webhook-id"]
        if not self.accepted[message]:
            self.order[number].append(message)
        self.accepted[message] += 1
        return web.Response()

    def _check(self, number: str, headers: Mapping[str, str], body: str) -> None:
        message = headers["webhook-id"]
        try:
            Webhook(self.secrets[number]).verify(body, dict(headers))
        except WebhookVerificationError as error:
            self.faults.append(f"{message}: {error}")
        if self._bodies.setdefault(message, hash(body)) != hash(body):
            self.faults.append(f"{message} came with another body")


@asynccontextmanager
async def counting_receiver(draw: Random) -> AsyncIterator[CountingReceiver]:
    """Listen on a free port."""
    receiver = CountingReceiver(draw)
    app = web.Application()
    app.router.add_post("/{number}", receiver.receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
