"""The connection pool of a service, and the two ways to use it: one statement at a time, or a transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

LOCK_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 30_000


def driver_url(database_url: str) -> URL:
    """Return `database_url` with psycopg 3 as its driver."""
    return make_url(database_url).set(drivername="postgresql+psycopg")


class Database:
    """A pool of at most `pool_size` connections; `application` names them in the server's activity view."""

    def __init__(self, database_url: str, *, application: str, pool_size: int) -> None:
        self._engine: AsyncEngine = create_async_engine(
            driver_url(database_url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_use_lifo=True,
            hide_parameters=True,  # prompts and hashes would stand in the text of errors, and so in logs
            connect_args={
                "options": f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}",
                "application_name": application,
                "connect_timeout": 5,
            },
        )
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection on which each statement is its own transaction: no round trips for BEGIN and COMMIT."""
        async with self._autocommit.connect() as connection:
            yield connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection inside one transaction: committed at the end, rolled back when something is raised."""
        async with self._engine.begin() as connection:
            yield connection

    async def ping(self) -> None:
        """Raise unless the database answers."""
        async with self.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
