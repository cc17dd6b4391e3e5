"""A request that is cancelled gives its connection back."""

import asyncio
import gc

import psycopg
import pytest
from darkroom_chassis.database import Database
from sqlalchemy import text


async def test_a_connection_is_given_back_if_its_request_is_cancelled_while_autocommit_is_set(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, reached = Database(postgres_url, application="test", pool_size=1), asyncio.Event()

    async def never(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    async def ask() -> int:
        async with database.connect() as connection:
            return int((await connection.execute(text("SELECT 1"))).scalar_one())

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.AsyncConnection, "set_autocommit", never)
        request = asyncio.create_task(ask())
        await reached.wait()
    request.cancel()
    await asyncio.wait({request})
    del request
    gc.collect()  # SQLAlchemy warns of a connection that was not given back
    async with asyncio.timeout(5):
        assert await ask() == 1
    await database.close()
