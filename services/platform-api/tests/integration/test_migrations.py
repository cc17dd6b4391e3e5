"""The migrations make what the code expects, can be undone, and run as a role that only owns the schema."""

import psycopg
import pytest
from darkroom_chassis.database import driver_url
from platform_api.migrations import MIGRATIONS
from platform_api.store.tables.schema import metadata
from psycopg import sql
from sqlalchemy import create_engine, make_url, text
from support.schema import differences
from support.servers import MakeDatabase


def constraints(database_url: str) -> set[tuple[str, str]]:
    query = """SELECT conrelid::regclass::text, conname FROM pg_constraint
               WHERE connamespace = 'platform'::regnamespace AND contype <> 'n'"""
    with psycopg.connect(database_url) as connection:
        return set(connection.execute(query).fetchall())


def test_models_equal_migrations(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    assert differences(postgres_url, metadata) == []


def test_constraints_of_models_equal_those_of_migrations(make_database: MakeDatabase) -> None:
    migrated, created = make_database(None), make_database(None)
    MIGRATIONS.upgrade(migrated)
    engine = create_engine(driver_url(created))
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA platform"))
        metadata.create_all(connection)
    engine.dispose()
    assert constraints(migrated) - {("platform.alembic_version", "alembic_version_pkc")} == constraints(created)


def test_migrating_twice_changes_nothing(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    MIGRATIONS.upgrade(postgres_url)
    assert differences(postgres_url, metadata) == []


def test_downgrade_leaves_an_empty_schema_that_can_be_upgraded_again(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    MIGRATIONS.downgrade(postgres_url, "base")
    with psycopg.connect(postgres_url) as connection:
        left = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'platform'").fetchall()
    assert left == [("alembic_version",)]
    MIGRATIONS.upgrade(postgres_url)
    assert differences(postgres_url, metadata) == []


def test_the_owner_of_the_schema_needs_no_other_rights(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS platform_owner")
        connection.execute("CREATE ROLE platform_owner LOGIN PASSWORD 'owner'")
        connection.execute("CREATE SCHEMA platform AUTHORIZATION platform_owner")
        database = sql.Identifier(str(make_url(postgres_url).database))
        connection.execute(sql.SQL("REVOKE CREATE ON DATABASE {} FROM PUBLIC").format(database))
    owner_url = make_url(postgres_url).set(username="platform_owner", password="owner")
    MIGRATIONS.upgrade(owner_url.render_as_string(hide_password=False))
    assert differences(postgres_url, metadata) == []


def test_the_ledger_refuses_updates_and_deletes(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for statement in ("UPDATE platform.credit_ledger SET note = 'x'", "DELETE FROM platform.credit_ledger"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                connection.execute(statement)
