"""The migrations make what the code expects, and can be undone."""

import psycopg
from support.schema import differences
from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.store.tables import metadata


def test_models_equal_migrations_however_often_they_run(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    MIGRATIONS.upgrade(postgres_url)
    assert differences(postgres_url, metadata) == []


def test_downgrade_leaves_an_empty_schema_that_can_be_upgraded_again(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    MIGRATIONS.downgrade(postgres_url, "base")
    with psycopg.connect(postgres_url) as connection:
        left = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'webhooks'").fetchall()
    assert left == [("alembic_version",)]
    MIGRATIONS.upgrade(postgres_url)
    assert differences(postgres_url, metadata) == []
