"""The pipelined connection: one socket, replies matched in order. While a reply is pending, small writes in the same
event loop iteration are joined. The first write, and large ones, are sent at once.

Scripts use it; other commands use redis-py. A call takes a fraction of redis-py's time, because there is no pool, no
retry and no timer per call: a watchdog closes a connection that stops responding.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import hiredis

ANSWER_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 3.0
WATCH_EVERY_S = 1.0
LARGE_BYTES = 4096
"""Commands of at least this size, in bytes, are sent at once, so that the server starts to process them."""


class ReplyError(Exception):
    """The server refused a command. The text begins with the error code."""


@dataclass(frozen=True, slots=True)
class Address:
    """Address and credentials of a server. `path` is a Unix socket, used instead of host and port."""

    host: str = "127.0.0.1"
    port: int = 6379
    path: str | None = None
    tls: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = None
    db: int = 0


class _Wire(asyncio.Protocol):
    """One connected socket."""

    def __init__(self) -> None:
        # The queue writes UTF-8 only. Other bytes in a reply must not end the connection, which all callers share.
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace", replyError=ReplyError)
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._out: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport | None = None
        self._answered = 0
        self._seen = -1
        self._watch: asyncio.TimerHandle | None = None
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports implement asyncio's interface, but are not subclasses.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._watch = self._loop.call_later(WATCH_EVERY_S, self._check_answers, 0.0)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self._answered += 1
            future = self._waiting.popleft()
            if future.done():
                continue  # its caller was cancelled
            if isinstance(reply, ReplyError):
                future.set_exception(reply)
            else:
                future.set_result(reply)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.closed = True
        if self._watch is not None:
            self._watch.cancel()
        for future in self._waiting:
            if not future.done():
                future.set_exception(ConnectionError("the connection to Redis was lost"))
        self._waiting.clear()

    def call(self, args: tuple[Any, ...]) -> "asyncio.Future[Any]":
        command = hiredis.pack_command(args)  # may raise, so it precedes the registration of the future
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append(future)
        self._out.append(command)
        if len(self._waiting) == 1 or len(command) >= LARGE_BYTES:
            self._flush()
        elif len(self._out) == 1:
            self._loop.call_soon(self._flush)
        return future

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        if self._out and self._transport is not None and not self.closed:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _check_answers(self, silent_s: float) -> None:
        """Close the connection if calls are pending and no reply has arrived for `ANSWER_TIMEOUT_S`."""
        silent = bool(self._waiting) and self._answered == self._seen
        silent_s = silent_s + WATCH_EVERY_S if silent else 0.0
        self._seen = self._answered
        if silent_s >= ANSWER_TIMEOUT_S:
            self.close()
        else:
            self._watch = self._loop.call_later(WATCH_EVERY_S, self._check_answers, silent_s)


class PipelinedConnection:
    """A connection to the server that `resolve` returns. It is called for each new connection."""

    def __init__(self, resolve: Callable[[], Awaitable[Address]]) -> None:
        self._resolve = resolve
        self._wire: _Wire | None = None
        self._connecting = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        return self._wire is not None and not self._wire.closed

    async def connect(self) -> None:
        """Connect unless connected. Raises OSError or `ReplyError`."""
        async with self._connecting:
            if not self.connected:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    self._wire = await _open(await self._resolve())

    def call(self, *args: Any) -> "asyncio.Future[Any]":
        """Send a command and return its reply as a future.

        The future raises `ReplyError`, or OSError if the connection is lost. Raises `ConnectionError` if there is none.
        """
        if self._wire is None or self._wire.closed:
            raise ConnectionError("there is no connection to Redis")
        return self._wire.call(args)

    def close(self) -> None:
        """Close the connection. Pending calls fail."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None


async def _open(address: Address) -> _Wire:
    loop = asyncio.get_running_loop()
    if address.path is not None:
        _, wire = await loop.create_unix_connection(_Wire, address.path)
    else:
        _, wire = await loop.create_connection(_Wire, address.host, address.port, ssl=address.tls)
    try:
        if address.password is not None:
            user = (address.username,) if address.username else ()
            await wire.call(("AUTH", *user, address.password))
        if address.db:
            await wire.call(("SELECT", address.db))
        return wire
    except BaseException:
        wire.close()
        raise
