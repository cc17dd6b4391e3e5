"""What PostgreSQL says of a failing statement reaches callers and logs without the values it was given."""

import json
import traceback
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from darkroom_chassis.database import Database
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

PROMPT = "a lighthouse nobody may read about"
TABLE = """
    CREATE TABLE kept (
        id int PRIMARY KEY, prompt text UNIQUE, data jsonb, count int CONSTRAINT positive CHECK (count > 0)
    )
"""
FAILING: list[tuple[str, dict[str, Any], str]] = [
    ("INSERT INTO kept VALUES (1, {given}, NULL, 0)", {"prompt": PROMPT}, "23514"),
    ("INSERT INTO kept VALUES (1, {given}), (2, {given})", {"prompt": PROMPT}, "23505"),
    ("INSERT INTO kept VALUES (NULL, {given})", {"prompt": PROMPT}, "23502"),
    ("INSERT INTO kept VALUES (1, '', CAST({given} AS jsonb))", {"prompt": f'{{"prompt": {PROMPT}'}, "22P02"),
    ("INSERT INTO kept VALUES (1, '', CAST({given} AS jsonb))", {"prompt": json.dumps(f"\0{PROMPT}")}, "22P05"),
    ("INSERT INTO kept VALUES (CAST({given} AS int))", {"prompt": PROMPT}, "22P02"),
]


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url, application="test", pool_size=2)
    async with database.connect() as connection:
        await connection.execute(text(TABLE))
    yield database
    await database.close()


@pytest.mark.parametrize(("statement", "values", "sqlstate"), FAILING)
async def test_error_of_the_bare_driver_contains_no_value(
    database: Database, statement: str, values: dict[str, Any], sqlstate: str
) -> None:
    with pytest.raises(psycopg.Error) as raised:
        async with database.bare() as connection:
            await connection.execute(statement.format(given="%(prompt)s").encode(), values)
    assert PROMPT not in "".join(traceback.format_exception(raised.value))
    assert sqlstate in str(raised.value)
    assert raised.value.sqlstate == sqlstate


@pytest.mark.parametrize(("statement", "values", "sqlstate"), FAILING)
@pytest.mark.parametrize("rows", [1, 2])
async def test_error_of_sqlalchemy_contains_no_value(
    database: Database, statement: str, values: dict[str, Any], sqlstate: str, rows: int
) -> None:
    with pytest.raises(DBAPIError) as raised:
        async with database.begin() as connection:
            await connection.execute(text(statement.format(given=":prompt")), [values] * rows)
    assert PROMPT not in "".join(traceback.format_exception(raised.value))
    assert sqlstate in str(raised.value)


async def test_error_still_says_what_is_wrong(database: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match='violates check constraint "positive"') as raised:
        async with database.bare() as connection:
            await connection.execute("INSERT INTO kept VALUES (1, '', NULL, 0)")
    assert raised.value.diag.constraint_name == "positive"
    with pytest.raises(psycopg.errors.UndefinedTable, match='relation "nowhere" does not exist'):
        async with database.bare() as connection:
            await connection.execute("SELECT FROM nowhere")
