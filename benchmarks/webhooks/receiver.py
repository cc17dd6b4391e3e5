"""A receiver of webhooks in this process: answers 204 at once, or never, and notes when each event arrived."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
_LENGTH = b"content-length:"
_SENT = b'"sent":'


@dataclass(slots=True)
class Receiver:
    """`delays_ms` are the times from the emission of each event until its request was complete.

    The emitter writes `perf_counter()` into each event as `sent`.
    """

    port: int = 0
    hangs: bool = False
    connections: int = 0
    delays_ms: list[float] = field(default_factory=list)
    expected: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Return the URL to register."""
        return f"http://127.0.0.1:{self.port}/hook"

    def expect(self, events: int) -> None:
        """Forget what came so far, and set `complete` after so many events."""
        self.delays_ms.clear()
        self.expected = events
        self.complete.clear()

    def note(self, body: bytes) -> None:
        """Note an event that has arrived."""
        start = body.index(_SENT) + len(_SENT)
        end = min(at for at in (body.find(b",", start), body.find(b"}", start)) if at >= 0)
        self.delays_ms.append((perf_counter() - float(body[start:end])) * 1000)
        if len(self.delays_ms) == self.expected:
            self.complete.set()


class _Connection(asyncio.Protocol):
    """One connection, kept open between requests."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver, self._received = receiver, bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._receiver.connections += 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._receiver.hangs:
            self._received.clear()
            return
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end]).lower()
            at = head.index(_LENGTH) + len(_LENGTH)
            size = int(head[at:].split(b"\r\n", 1)[0])
            if len(self._received) < end + 4 + size:
                return
            self._receiver.note(bytes(self._received[end + 4 : end + 4 + size]))
            del self._received[: end + 4 + size]
            if self._transport is not None:
                self._transport.write(_ANSWER)


@asynccontextmanager
async def receiving(*, hangs: bool = False) -> AsyncIterator[Receiver]:
    """Listen on a free port of the loopback interface."""
    receiver = Receiver(hangs=hangs)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(receiver), "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
