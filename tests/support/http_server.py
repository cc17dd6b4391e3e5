"""Our HTTP server around an app in this process, and raw connections to it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from darkroom_chassis.http_limits import HttpLimits
from darkroom_chassis.http_protocol import LimitedConfig
from fastapi import FastAPI


class _Server(uvicorn.Server):
    """Signals when it has started, and leaves the signal handlers of the test's process alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: Any, limits: HttpLimits | None = None, **options: Any) -> AsyncIterator[int]:
    """Serve an ASGI app on a free port of loopback as services do; yields the port. `options` are uvicorn's.

    A FastAPI app finds the server in its state.
    """
    fixed: dict[str, Any] = {"port": 0, "log_config": None, "access_log": False, "server_header": False}
    server = _Server(LimitedConfig(app, limits or HttpLimits(), **(fixed | options)))
    if isinstance(app, FastAPI):
        app.state.server = server
    task = asyncio.create_task(server.serve())
    try:
        listening = asyncio.create_task(server.listening.wait())
        await asyncio.wait({listening, task}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        assert not task.done(), "the server did not start"
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        if (stopping := getattr(getattr(app, "state", None), "stopping", None)) is not None:
            stopping.set()
        server.should_exit = True
        await task


class RawConnection:
    """A TCP connection that sends whatever a test wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send; a server that has closed by now is no error."""
        with suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def answer(self, timeout_s: float = 10.0) -> bytes:
        """Read until the server closes."""
        async with asyncio.timeout(timeout_s):
            parts = []
            with suppress(ConnectionError):
                while part := await self._reader.read(65_536):
                    parts.append(part)
            return b"".join(parts)

    async def head(self, timeout_s: float = 10.0) -> bytes:
        """Read the status line and headers of the next answer."""
        async with asyncio.timeout(timeout_s):
            return await self._reader.readuntil(b"\r\n\r\n")

    async def read_exactly(self, size: int, timeout_s: float = 10.0) -> bytes:
        """Read so many bytes."""
        async with asyncio.timeout(timeout_s):
            return await self._reader.readexactly(size)


@asynccontextmanager
async def raw_connection(port: int) -> AsyncIterator[RawConnection]:
    """Connect to a port of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield RawConnection(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
