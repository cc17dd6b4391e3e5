"""Bring the schema to a revision. Works as the schema's owner, who may not create schemas, and as a superuser."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

import platform_api.migrations
from platform_api.store.database import driver_url
from platform_api.store.tables import SCHEMA

# A migration that waits for a lock makes every later query wait behind it: give up early, try again later.
LOCK_TIMEOUT = "5s"
ONE_AT_A_TIME = 0x6461_726B_0001
"""Advisory lock: replicas that start together migrate one after the other."""


def migrate(database_url: str, revision: str = "head") -> None:
    """Upgrade to `revision`; does nothing when it is already there."""
    _run(database_url, lambda config: command.upgrade(config, revision))


def downgrade(database_url: str, revision: str) -> None:
    """Go back to `revision` (`base`: an empty schema)."""
    _run(database_url, lambda config: command.downgrade(config, revision))


def _run(database_url: str, act: Callable[[Config], None]) -> None:
    engine = create_engine(driver_url(database_url))
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
            connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            _make_schema(connection)
            connection.commit()
            act(_config(connection))
            connection.commit()
    finally:
        engine.dispose()


def _make_schema(connection: Connection) -> None:
    """Create the schema only if it is missing: IF NOT EXISTS alone asks for the right to create before it looks."""
    found = connection.execute(text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": SCHEMA}).first()
    if found is None:
        connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(platform_api.migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
