"""Brings one service's schema to a revision. Works as the schema's owner, who may not create schemas, too."""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.engine import Connection

from darkroom_chassis.database import driver_url

# A migration that waits for a lock makes every later query wait behind it: give up early, try again later.
LOCK_TIMEOUT = "5s"
ASK_AGAIN_S = 0.1


@dataclass(frozen=True, slots=True)
class SchemaMigrations:
    """The revisions in `folder`, which build `schema` and nothing else."""

    schema: str
    folder: Path

    def upgrade(self, database_url: str, revision: str = "head") -> None:
        """Upgrade to `revision`; does nothing when it is already there."""
        self._run(database_url, lambda config: command.upgrade(config, revision))

    def downgrade(self, database_url: str, revision: str) -> None:
        """Go back to `revision` (`base`: an empty schema)."""
        self._run(database_url, lambda config: command.downgrade(config, revision))

    def _run(self, database_url: str, act: Callable[[Config], None]) -> None:
        engine = create_engine(driver_url(database_url))
        try:
            with engine.connect() as connection:
                self._take_turn(connection)
                connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
                self._make_schema(connection)
                connection.commit()
                act(self._config(connection))
                connection.commit()
        finally:
            engine.dispose()

    def _take_turn(self, connection: Connection) -> None:
        """Wait until no other replica migrates.

        It asks again and again instead of waiting in the server: an index that is made online waits for every statement
        that began before it, so for one that waits for the lock, too.
        """
        lock = {"key": zlib.crc32(f"darkroom migrations of {self.schema}".encode())}
        while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), lock).scalar_one():
            connection.commit()
            time.sleep(ASK_AGAIN_S)

    def _make_schema(self, connection: Connection) -> None:
        """Create it only if it is missing: IF NOT EXISTS alone asks for the right to create before it looks."""
        look = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
        if connection.execute(look, {"name": self.schema}).first() is None:
            connection.execute(text(f'CREATE SCHEMA "{self.schema}"'))

    def _config(self, connection: Connection) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self.folder))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        return config


def run_environment(context: Any, schema: str, metadata: MetaData) -> None:
    """Do what a service's `env.py` has to do: run the revisions on the connection handed over, each in a transaction.

    `context` is `alembic.context`, a module that stands in for the environment of the run (hence Any). Only `schema`
    is looked at, since a database may hold those of other services.
    """

    def include_name(name: str | None, kind: str, parents: object) -> bool:  # noqa: ARG001 - alembic's signature
        return kind != "schema" or name == schema

    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table_schema=schema,
        include_schemas=True,
        include_name=include_name,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
