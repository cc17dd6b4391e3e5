"""Connections that the server has closed cost no statement an error."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import psycopg
import pytest
from darkroom_chassis.database import DATABASE_AWAY, Database, WritesRefused
from sqlalchemy import text
from support.waiting import until

TERMINATE = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'test'"


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url, application="test", pool_size=3)
    yield database
    await database.close()


async def none_left(operator: psycopg.AsyncConnection[Any]) -> bool:
    found = await operator.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test'")
    return await found.fetchone() == (0,)


async def use(database: Database) -> None:
    """Run a statement in each of the three ways, on connections of their own."""
    async with database.connect() as one, database.begin() as two, database.bare() as three:
        assert (await one.execute(text("SELECT 1"))).scalar_one() == 1
        assert (await two.execute(text("SELECT 2"))).scalar_one() == 2
        row = await (await three.execute("SELECT 3 AS n")).fetchone()
        assert row == {"n": 3}


async def test_idle_connections_that_the_server_closed_are_replaced_before_use(
    database: Database, postgres_url: str
) -> None:
    for _ in range(3):
        await use(database)
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as operator:
            ended = await (await operator.execute(TERMINATE)).fetchone()
            await until(partial(none_left, operator))
        assert ended is not None
        assert ended[0] >= 3
    await use(database)


@pytest.mark.parametrize("way", ["connect", "begin", "bare"])
async def test_a_database_that_refuses_writes_is_not_ready(database: Database, way: str) -> None:
    await database.ping()
    with pytest.raises(DATABASE_AWAY):
        await write_to_a_full_disk(database, way)
    with pytest.raises(WritesRefused):
        await database.ping()


async def write_to_a_full_disk(database: Database, way: str) -> None:
    statement = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'No space left on device'; END $$"
    async with getattr(database, way)() as connection:
        await connection.execute(statement if way == "bare" else text(statement))
