"""Connections that the server has closed cost no statement an error."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from darkroom_chassis.database import Database
from sqlalchemy import text

TERMINATE = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'test'"


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url, application="test", pool_size=3)
    yield database
    await database.close()


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
        assert ended is not None
        assert ended[0] >= 3
    await use(database)
