"""The migrations make what the code expects, and can be undone."""

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from darkroom_chassis.database import driver_url
from sqlalchemy import create_engine
from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.store.tables import SCHEMA, metadata


def differences(database_url: str) -> list[object]:
    engine = create_engine(driver_url(database_url))
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
        "version_table_schema": SCHEMA,
        "compare_server_default": True,
    }
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    engine.dispose()
    return list(found)


def test_models_equal_migrations_however_often_they_run(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    MIGRATIONS.upgrade(postgres_url)
    assert differences(postgres_url) == []


def test_downgrade_leaves_an_empty_schema_that_can_be_upgraded_again(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    MIGRATIONS.downgrade(postgres_url, "base")
    with psycopg.connect(postgres_url) as connection:
        left = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'webhooks'").fetchall()
    assert left == [("alembic_version",)]
    MIGRATIONS.upgrade(postgres_url)
    assert differences(postgres_url) == []
