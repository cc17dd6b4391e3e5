"""A TCP proxy that does to connections what networks do: delay, reset, swallow, cut in the middle; and servers: refuse.

`async with FaultProxy("127.0.0.1", port) as proxy:` and connect to `proxy.port`. A fault holds for the connections that
there are and for those to come, until `heal`; `reset` and `half_open` strike once, and only those that there are.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

import hiredis

CHUNK = 65_536
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class FaultProxy:
    """Forwards connections on a port of its own to one server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._pipes: set[_Pipe] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.delay_s = 0.0
        self.swallows = False
        self.refuses = False
        self.reply_bytes_left: int | None = None
        self.answer: bytes | None = None
        self.answered: Counter[str] = Counter()
        self.only: frozenset[bytes] = frozenset()
        """Commands that get `answer`; empty means all."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.reset()

    @property
    def connections(self) -> int:
        """Number of connections that clients believe in."""
        return len(self._pipes)

    def delay(self, seconds: float) -> None:
        """Hold everything up on its way, in both directions."""
        self.delay_s = seconds

    def black_hole(self) -> None:
        """Take everything and deliver nothing; connections stay open, and new ones are accepted."""
        self.swallows = True

    def refuse(self) -> None:
        """Reset all connections, and new ones as soon as they are made."""
        self.refuses = True
        self.reset()

    def reset(self) -> None:
        """Reset the connections that there are."""
        for pipe in list(self._pipes):
            pipe.cut()

    def half_open(self) -> None:
        """Lose the server's side of the connections that there are without telling their clients."""
        for pipe in self._pipes:
            pipe.deafen()

    def cut_replies_after(self, count: int) -> None:
        """Reset the connection that receives the server's `count`th byte from now on, after that byte."""
        self.reply_bytes_left = count

    def answer_with(self, error: str, *commands: bytes) -> None:
        """Answer these commands, or all, with an error in the server's place and count them in `answered`."""
        self.answer, self.only = f"-{error}\r\n".encode(), frozenset(commands)

    def heal(self) -> None:
        """Forward again; what was swallowed stays lost."""
        self.delay_s, self.swallows, self.refuses = 0.0, False, False
        self.reply_bytes_left = self.answer = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            _reset(writer)
            return
        try:
            from_server, to_server = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        pipe = _Pipe(self, writer, to_server)
        self._pipes.add(pipe)
        try:
            await asyncio.gather(
                pipe.pump(reader, pipe.to_server), pipe.pump(from_server, pipe.to_client), return_exceptions=True
            )
        finally:
            pipe.cut()
            self._pipes.discard(pipe)


class _Pipe:
    """One client's connection, and the connection to the server that belongs to it."""

    def __init__(self, proxy: FaultProxy, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._requests = hiredis.Reader()
        self._deaf = False

    async def pump(self, source: asyncio.StreamReader, deliver: Callable[[bytes], None]) -> None:
        try:
            while data := await source.read(CHUNK):
                if self._proxy.delay_s:
                    await asyncio.sleep(self._proxy.delay_s)
                if not self._proxy.swallows and not self._deaf:
                    deliver(data)
        finally:
            if not self._deaf or deliver == self.to_server:
                self.cut()

    def to_server(self, data: bytes) -> None:
        if self._proxy.answer is None:
            self._server.write(data)
            return
        self._requests.feed(data)
        while (command := self._requests.gets()) is not False:
            if self._proxy.only and command[0] not in self._proxy.only:
                self._server.write(hiredis.pack_command(tuple(command)))
                continue
            self._proxy.answered[command[0].decode()] += 1
            self._client.write(self._proxy.answer)

    def to_client(self, data: bytes) -> None:
        left = self._proxy.reply_bytes_left
        if left is None or left > len(data):
            self._client.write(data)
            self._proxy.reply_bytes_left = None if left is None else left - len(data)
            return
        self._proxy.reply_bytes_left = None
        self._client.write(data[:left])
        self.cut(politely=True)

    def deafen(self) -> None:
        self._deaf = True
        self._server.transport.abort()

    def cut(self, *, politely: bool = False) -> None:
        self._server.transport.abort()
        if politely:
            self._client.close()  # so that what was written still arrives
        else:
            _reset(self._client)


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None and not writer.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()
