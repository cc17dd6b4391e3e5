"""Many WebSocket clients in this process. They count frames and read the time of sending, and parse nothing else."""

import asyncio
import base64
import os
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

SENT = b'"sent":'
_MASK = bytes(4)


@dataclass(slots=True)
class Crowd:
    """The clients of one server. `delays_ms` are the times from the sending of an event until a client had it."""

    received: int = 0
    delays_ms: list[float] = field(default_factory=list)
    expected: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    clients: list["Client"] = field(default_factory=list)

    def expect(self, frames: int) -> None:
        """Set `complete` after so many frames with a time of sending."""
        self.received, self.expected = 0, frames
        self.delays_ms.clear()
        self.complete.clear()

    def note(self, sent: float, frames: int) -> None:
        """Count frames, of which the last was sent at this moment."""
        self.received += frames
        self.delays_ms.append((perf_counter() - sent) * 1000)
        if self.received >= self.expected:
            self.complete.set()

    async def close(self) -> None:
        """Drop all connections."""
        for client in self.clients:
            client.transport.abort()
        self.clients.clear()
        await asyncio.sleep(0)


class Client(asyncio.Protocol):
    """One connection. Counts the frames that contain a time of sending; control frames and greetings have none."""

    def __init__(self, crowd: Crowd, request: bytes, *, first: bytes = b"") -> None:
        self._crowd, self._request, self._first = crowd, request, first
        self._tail = b""
        self._is_open = False
        self.opened = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        data = self._tail + data
        if not self._is_open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._tail = head
                return
            self._is_open = True
            if b" 101 " not in head[:20]:
                self.opened.set_exception(ConnectionError(head[:200].decode()))
                return
            if self._first:
                self.transport.write(_client_frame(self._first))
            self.opened.set_result(None)
        last = data.rfind(SENT)
        end = data.find(b"}", last) if last >= 0 else 0
        if end < 0:  # the number is cut: it is counted with what comes next
            data, self._tail = data[:last], data[last:]
            last = data.rfind(SENT)
            end = data.find(b"}", last) if last >= 0 else 0
        else:
            self._tail = data[max(end, len(data) - len(SENT) + 1) :]
        if last >= 0:
            self._crowd.note(float(data[last + len(SENT) : end].split(b",")[0]), data.count(SENT))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("the connection was closed"))


def _client_frame(text: bytes) -> bytes:
    """Return a masked text frame of fewer than 126 bytes (RFC 6455, 5.2)."""
    return bytes((0x81, 0x80 | len(text))) + _MASK + text


def handshake(path: str, port: int, token: str | None) -> bytes:
    """Return an opening handshake (RFC 6455, 4.1)."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
    ]  # fmt: skip
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode()


async def connect(
    crowd: Crowd, number: int, port: int, path: str, *, token: str | None = None, first: bytes = b"", at_once: int = 100
) -> None:
    """Open so many connections, `at_once` at a time."""
    loop = asyncio.get_running_loop()
    for start in range(0, number, at_once):
        made = [
            loop.create_connection(
                lambda: Client(crowd, handshake(path, port, token), first=first), "127.0.0.1", port
            )
            for _ in range(start, min(number, start + at_once))
        ]  # fmt: skip
        opened = [protocol for _, protocol in await asyncio.gather(*made)]
        async with asyncio.timeout(60):
            await asyncio.gather(*(client.opened for client in opened))
        crowd.clients += opened
