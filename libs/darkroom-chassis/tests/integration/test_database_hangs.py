"""A database that hangs fails those who wait for it in seconds, later ones at once, and nobody once it answers."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from darkroom_chassis.database import DATABASE_AWAY, Database
from darkroom_chassis.database_watch import CONNECT_S, LOOK_EVERY_S, SILENT_S
from sqlalchemy import text
from sqlalchemy.engine import make_url
from support.fault_proxy import FaultProxy
from support.waiting import until

NOTICED_S = SILENT_S + LOOK_EVERY_S + CONNECT_S + 1.5
WAYS = ("connect", "begin", "bare")


@pytest.fixture
async def proxy(postgres_url: str) -> AsyncIterator[FaultProxy]:
    url = make_url(postgres_url)
    async with FaultProxy(url.host or "", url.port or 0) as proxy:
        yield proxy


@pytest.fixture
async def database(postgres_url: str, proxy: FaultProxy) -> AsyncIterator[Database]:
    url = make_url(postgres_url).set(host="127.0.0.1", port=proxy.port)
    database = Database(url.render_as_string(hide_password=False), application="test", pool_size=2)
    yield database
    await database.close()


async def ask(database: Database, way: str, statement: str = "SELECT 1") -> None:
    async with getattr(database, way)() as connection:
        await connection.execute(statement if way == "bare" else text(statement))


async def test_those_who_wait_for_an_answer_or_a_connection_fail_in_time(database: Database, proxy: FaultProxy) -> None:
    for way in WAYS:
        await ask(database, way)
    proxy.black_hole()
    began = time.monotonic()
    async with asyncio.timeout(NOTICED_S):  # more than the pools have, so that some wait for their turn
        failures = await asyncio.gather(*(ask(database, way) for way in WAYS for _ in range(5)), return_exceptions=True)
    assert all(isinstance(failure, DATABASE_AWAY) for failure in failures), failures
    assert time.monotonic() - began > SILENT_S  # a lower bound, which a busy machine cannot break
    async with asyncio.timeout(0.5):  # far below the silence, and above what no network takes
        for way in WAYS:
            with pytest.raises(DATABASE_AWAY):
                await ask(database, way)
    proxy.heal()

    async def answers() -> bool:
        try:
            await database.ping()
        except DATABASE_AWAY:
            return False
        return True

    await until(answers, 2 * NOTICED_S)
    for way in WAYS:
        await ask(database, way)


async def test_statements_that_take_long_are_left_alone(database: Database) -> None:
    await asyncio.gather(*(ask(database, way, f"SELECT pg_sleep({NOTICED_S})") for way in WAYS))


async def test_a_server_that_takes_no_more_connections_has_answered(database: Database, proxy: FaultProxy) -> None:
    async with database.connect() as connection:
        proxy.refuses = True  # new connections are reset
        await connection.execute(text(f"SELECT pg_sleep({NOTICED_S})"))
