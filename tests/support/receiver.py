"""A real webhook receiver for tests: verifies with the official library and answers as the test sets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook


@dataclass
class Receiver:
    """Keeps what it got; `answers` are the statuses to give, the last one from then on."""

    port: int
    answers: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    got: asyncio.Queue[tuple[dict[str, str], str]] = field(default_factory=asyncio.Queue)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def next(self, secret: str) -> tuple[str, dict[str, Any]]:
        """Wait for a webhook, verify it, and return its id and body."""
        async with asyncio.timeout(10):
            headers, body = await self.got.get()
        verified: dict[str, Any] = Webhook(secret).verify(body, headers)
        return headers["webhook-id"], verified

    async def _receive(self, request: web.Request) -> web.Response:
        await self.got.put(({k.lower(): v for k, v in request.headers.items()}, await request.text()))
        status = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return web.Response(status=status, headers=self.headers)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    app = web.Application()
    app.router.add_post("/hook", receiver._receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", receiver.port).start()
    try:
        yield receiver
    finally:
        await runner.cleanup()
