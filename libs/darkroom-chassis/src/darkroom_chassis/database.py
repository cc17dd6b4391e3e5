"""The database connections of a service, used in three ways: autocommit, a transaction, or the bare driver."""

import select
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as SqlPoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from darkroom_chassis.database_watch import CONNECT_S, DatabaseWatch
from darkroom_chassis.quiet_cursor import QuietCursor

DATABASE_AWAY = (OperationalError, SqlPoolTimeout, psycopg.OperationalError, PoolTimeout)
"""Exceptions while PostgreSQL does not respond, or while no connection of the pool becomes free."""
DATABASE_OUTAGES = dict.fromkeys(DATABASE_AWAY, "The database")
WRITE_REFUSALS = {"53100", "25006"}
"""SQLSTATEs of a full disk, and of a read-only server: a standby, or one set to read-only by an operator."""
WRITES_REFUSED_S = 15.0
"""The service is not ready for this long after a refused write."""
LOCK_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 30_000
POOL_TIMEOUT_S = 10
TCP_KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""TCP keepalive, in seconds and ms: a connection to a server that disappeared fails after 20 s."""
GENERIC_PLAN = "-c plan_cache_mode=force_generic_plan"
"""Caches the plans of statements with array parameters, which PostgreSQL otherwise plans for every execution."""


def driver_url(database_url: str) -> URL:
    """Return `database_url` with psycopg 3 as its driver."""
    return make_url(database_url).set(drivername="postgresql+psycopg")


class WritesRefused(Exception):
    """The database responds, but refused a write within `WRITES_REFUSED_S`."""


class Database:
    """Two pools: at most `pool_size` connections of SQLAlchemy and as many bare ones, opened on demand.

    `application` is their `application_name` in `pg_stat_activity`.
    """

    def __init__(self, database_url: str, *, application: str, pool_size: int) -> None:
        timeouts = f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}"
        options: dict[str, Any] = {
            "options": timeouts,
            "application_name": application,
            "connect_timeout": 5,
            "cursor_factory": QuietCursor,
            **TCP_KEEPALIVE,
        }
        conninfo = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)

        async def connect() -> None:
            await (await psycopg.AsyncConnection.connect(conninfo, **options | {"connect_timeout": CONNECT_S})).close()

        self._watch = DatabaseWatch(connect)
        self._bare: AsyncConnectionPool[psycopg.AsyncConnection[DictRow]] = AsyncConnectionPool(
            conninfo,
            kwargs=options | {"options": f"{timeouts} {GENERIC_PLAN}", "autocommit": True, "row_factory": dict_row},
            configure=_uuids_as_text,
            check=_check_open,
            min_size=0,
            max_size=pool_size,
            timeout=POOL_TIMEOUT_S,
            open=False,
        )
        self._engine: AsyncEngine = create_async_engine(
            driver_url(database_url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
            pool_use_lifo=True,
            hide_parameters=True,  # error messages reach the logs and must not contain prompts or hashes
            connect_args=options,
        )
        event.listen(self._engine.sync_engine, "checkout", _check_open_before_use)
        event.listen(self._engine.sync_engine, "handle_error", self._note_failed_statement)
        self._writes_refused_at = float("-inf")

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in autocommit mode, without the round trips of BEGIN and COMMIT."""
        async with self._watch.using(self._engine.connect(), _pgconn) as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction, which is committed at the end and rolled back on an exception."""
        async with self._watch.using(self._engine.begin(), _pgconn) as connection:
            yield connection

    @asynccontextmanager
    async def bare(self) -> AsyncIterator[psycopg.AsyncConnection[DictRow]]:
        """Yield a connection of the bare driver, for the few statements that almost every request runs.

        Autocommit; rows are dicts, UUIDs are text, errors are psycopg's.
        """
        if self._bare.closed:
            await self._bare.open()
        async with self._watch.using(self._bare.connection(), lambda connection: connection.pgconn) as connection:
            try:
                yield connection
            except psycopg.OperationalError as error:
                self._note_refused_write(error)
                if connection.broken and not self._watch.hangs:  # a restart has closed the idle connections, too
                    await self._bare.check()
                raise

    async def ping(self) -> None:
        """Raise unless the database responds and accepts writes.

        Raises `WritesRefused` for `WRITES_REFUSED_S` after a refused write.
        """
        async with self.connect() as connection:
            await connection.execute(text("SELECT 1"))
        if time.monotonic() - self._writes_refused_at < WRITES_REFUSED_S:
            raise WritesRefused

    def _note_failed_statement(self, context: ExceptionContext) -> None:
        if isinstance(context.original_exception, psycopg.Error):
            self._note_refused_write(context.original_exception)

    def _note_refused_write(self, error: psycopg.Error) -> None:
        if error.sqlstate in WRITE_REFUSALS:
            self._writes_refused_at = time.monotonic()

    async def close(self) -> None:
        """Close every connection."""
        await self._watch.close()
        await self._bare.close()
        await self._engine.dispose()


def _pgconn(connection: AsyncConnection) -> psycopg.pq.abc.PGconn:
    pooled: Any = connection.sync_connection  # Any: SQLAlchemy does not know which driver it has
    pgconn: psycopg.pq.abc.PGconn = pooled.connection.driver_connection.pgconn
    return pgconn


def _was_closed_by_the_server(connection: psycopg.pq.abc.PGconn) -> bool:
    """Check without a round trip: on an idle connection a server sends data only when it closes it."""
    return connection.status != psycopg.pq.ConnStatus.OK or _has_input(connection.socket)


def _has_input(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


async def _check_open(connection: psycopg.AsyncConnection[DictRow]) -> None:
    if _was_closed_by_the_server(connection.pgconn):
        await connection.close()  # the pool would otherwise take it back and hand it out again
        raise psycopg.OperationalError("the server has closed the connection")


def _check_open_before_use(connection: Any, *_: Any) -> None:  # Any: SQLAlchemy's adapter of a driver's connection
    """Make the pool replace all connections that predate the restart of the server."""
    if _was_closed_by_the_server(connection.driver_connection.pgconn):
        raise InvalidatePoolError("the server has closed the connection")


async def _uuids_as_text(connection: psycopg.AsyncConnection[DictRow]) -> None:
    connection.adapters.register_loader("uuid", TextLoader)
