"""A peer whose work is the answer to one request: it ends when the client closes the connection."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from PIL import Image

from .scripted_server import ScriptedServer


def picture(color: tuple[int, int, int] = (200, 60, 20)) -> bytes:
    """Return a small PNG."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(file, "PNG")
    return file.getvalue()


class AnsweringPeer(ScriptedServer):
    """Base of peers without a queue."""

    foreign_work = 0

    def __init__(self) -> None:
        super().__init__()
        self.own_work = 0

    def forget(self) -> None:
        """Nothing outlives its connection."""

    def occupy(self) -> None:
        """Nothing waits for the work of others."""

    @asynccontextmanager
    async def work(self) -> AsyncIterator[None]:
        """Count a piece of work; it begins now, and waits while work is held."""
        self.own_work += 1
        try:
            self.began.set()
            await self.released()
            yield
        finally:
            self.own_work -= 1

    async def send_file(self, request: web.Request, content: bytes, content_type: str) -> web.StreamResponse:
        """Answer with a file, or with its bytes without an end."""
        if not self.endless:
            return web.Response(body=content, content_type=content_type)
        return await self.send_endless(request, content * 100, content_type)
