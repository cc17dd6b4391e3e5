"""Detects a PostgreSQL server that hangs: its connections stay open, but nothing responds on them.

Neither other timeout covers a stopped process or hanging storage: the server enforces statement timeouts, and TCP
timeouts detect a lost host.
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import TypeVar

import psycopg
from psycopg.errors import ConnectionTimeout
from psycopg.pq.abc import PGconn

from darkroom_chassis.logs import get_logger

log = get_logger(__name__)
SILENT_S = 1.0
"""If a caller waits and no statement has ended for this long, the server is probed by a new connection."""
LOOK_EVERY_S = 0.5
CONNECT_S = 2
"""Timeout of the probe, in seconds: a server that exceeds it hangs. psycopg's smallest value."""
_HANGS = "the server does not answer"

Connection = TypeVar("Connection")


class DatabaseWatch:
    """Tracks callers that wait for the server and fails them with `psycopg.OperationalError` when it hangs.

    Later callers fail at once until a new connection succeeds. `connect` opens and closes one, within `CONNECT_S`.
    """

    def __init__(self, connect: Callable[[], Awaitable[None]]) -> None:
        self._connect = connect
        self._in_use: set[PGconn] = set()
        self._arriving: set[asyncio.Timeout] = set()
        self._answered_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self.hangs = False

    @asynccontextmanager
    async def using(
        self, checkout: AbstractAsyncContextManager[Connection], driver: Callable[[Connection], PGconn]
    ) -> AsyncIterator[Connection]:
        """Check a connection out of a pool and watch it until it is returned."""
        if self.hangs:
            raise psycopg.OperationalError(_HANGS)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        pgconn = None
        try:
            async with AsyncExitStack() as stack:
                connection = await self._arrival(stack.enter_async_context(checkout))
                pgconn = driver(connection)
                self._in_use.add(pgconn)
                yield connection
        finally:
            if pgconn is not None:
                self._in_use.discard(pgconn)
        self._answered_at = time.monotonic()

    async def close(self) -> None:
        """Stop watching."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _arrival(self, checkout: Awaitable[Connection]) -> Connection:
        waiting = asyncio.timeout(None)
        try:
            async with waiting:
                self._arriving.add(waiting)
                return await checkout
        except TimeoutError as error:
            if waiting.expired():
                raise psycopg.OperationalError(_HANGS) from error
            raise
        finally:
            self._arriving.discard(waiting)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if not self.hangs and not self._has_waiting():
                continue
            if time.monotonic() - self._answered_at < SILENT_S:
                continue
            asked_at = time.monotonic()
            try:
                await self._connect()
            except ConnectionTimeout:
                if self._answered_at < asked_at:
                    self._fail_waiting()
                continue
            except psycopg.Error:  # a response, too: it has too many connections, or is starting
                pass
            self._answered_at = time.monotonic()
            if self.hangs:
                self.hangs = False
                log.info("PostgreSQL answers again")

    def _has_waiting(self) -> bool:
        active = psycopg.pq.TransactionStatus.ACTIVE
        return bool(self._arriving) or any(pgconn.transaction_status == active for pgconn in self._in_use)

    def _fail_waiting(self) -> None:
        if not self.hangs:
            log.warning("PostgreSQL hangs; requests fail until it answers", in_use=len(self._in_use))
        self.hangs = True
        for waiting in self._arriving:
            waiting.reschedule(0)
        for pgconn in self._in_use:
            _shut(pgconn)


def _shut(pgconn: PGconn) -> None:
    """Close the socket as if the server had: cancelling a statement would wait for the server."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(pgconn.socket)) as shared:
        shared.shutdown(socket.SHUT_RDWR)
