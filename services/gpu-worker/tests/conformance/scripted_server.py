"""An aiohttp server on a fixed port that a test can kill, let hang, and protect with a secret."""

import asyncio
import base64
from abc import ABC, abstractmethod
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler
from darkroom_local.servers.ports import free_ports


class ScriptedServer(ABC):
    """Base of the suite's peers: subclasses add routes and work."""

    def __init__(self) -> None:
        self._port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self._port}"
        self.began = asyncio.Event()
        self.endless = False
        self._go = asyncio.Event()
        self._go.set()
        self._awake = asyncio.Event()
        self._awake.set()
        self._accepted: frozenset[str] | None = None
        self._runner: web.AppRunner | None = None
        self._transports: set[asyncio.BaseTransport] = set()

    @abstractmethod
    def routes(self) -> Iterable[web.RouteDef]:
        """Return the routes of the peer."""

    @abstractmethod
    def forget(self) -> None:
        """Drop all work, as a process that is killed does."""

    async def start(self) -> None:
        """Listen."""
        app = web.Application(middlewares=[self._guard], client_max_size=100 * 1024 * 1024)
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def kill(self) -> None:
        """Break all connections, stop listening and forget all work."""
        self.forget()
        self.began.clear()
        for transport in self._transports:
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        self._transports.clear()
        self._awake.set()
        self._go.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def hold(self) -> None:
        """Let work run until `release`."""
        self._go.clear()

    def release(self) -> None:
        """Let work that runs come to its end."""
        self._go.set()

    def hang(self) -> None:
        """Answer nothing from now on."""
        self._awake.clear()

    def wake(self) -> None:
        """Answer again, also what came in meanwhile."""
        self._awake.set()

    def require(self, secret: str) -> None:
        """Refuse requests without this secret from now on."""
        basic = base64.b64encode(f"suite:{secret}".encode()).decode()
        self._accepted = frozenset({f"Bearer {secret}", f"Basic {basic}"})

    def send_endless_outputs(self) -> None:
        """Send outputs without an end from now on."""
        self.endless = True

    async def released(self) -> None:
        """Wait while work is held."""
        await self._go.wait()

    async def awake(self) -> None:
        """Wait while the peer hangs."""
        await self._awake.wait()

    async def send_endless(
        self, request: web.Request, content: bytes, content_type: str = "application/json"
    ) -> web.StreamResponse:
        """Answer with some bytes again and again, without an end."""
        answer = web.StreamResponse(headers={"Content-Type": content_type})
        await answer.prepare(request)
        while True:
            await answer.write(content)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.transport is not None:
            self._transports.add(request.transport)
        await self.awake()
        if self._accepted is not None and request.headers.get("Authorization") not in self._accepted:
            raise web.HTTPUnauthorized(text="no")
        return await handler(request)
