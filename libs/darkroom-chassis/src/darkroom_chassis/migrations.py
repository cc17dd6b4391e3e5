"""Migrates one service's schema to a revision. The database user must own the schema or be allowed to create it."""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from darkroom_chassis.database import driver_url

# A migration that waits for a lock blocks all later queries on the table, so it fails early and is run again later.
LOCK_TIMEOUT = "5s"
ASK_AGAIN_S = 0.1
WAIT_S = 1.0


class SchemaState(StrEnum):
    """A schema compared with the revisions of this release."""

    CURRENT = "current"
    BEHIND = "behind"
    """It must be migrated before this release runs."""
    NEWER = "newer"
    """A later release has migrated it. This release runs on it, since migrations expand before they contract."""


class SchemaBehind(TimeoutError):
    """The schema was not migrated in time."""


@dataclass(frozen=True, slots=True)
class SchemaMigrations:
    """The revisions in `folder`, which manage `schema` only."""

    schema: str
    folder: Path

    def upgrade(self, database_url: str, revision: str = "head") -> None:
        """Upgrade to `revision`. Does nothing if the schema is already there."""
        self._run(database_url, lambda config: command.upgrade(config, revision))

    def downgrade(self, database_url: str, revision: str) -> None:
        """Downgrade to `revision`; `base` is an empty schema."""
        self._run(database_url, lambda config: command.downgrade(config, revision))

    def state(self, database_url: str) -> SchemaState:
        """Compare the schema with the revisions of this release. Changes nothing."""
        engine = create_engine(driver_url(database_url))
        try:
            with engine.connect() as connection:
                revision = self._revision(connection)
        finally:
            engine.dispose()
        scripts = ScriptDirectory(str(self.folder))
        if revision == scripts.get_current_head():
            return SchemaState.CURRENT
        known = {script.revision for script in scripts.walk_revisions()}
        return SchemaState.BEHIND if revision is None or revision in known else SchemaState.NEWER

    def wait(self, database_url: str, timeout_s: float) -> None:
        """Return when another process has migrated the schema; raises SchemaBehind after `timeout_s`."""
        deadline, reason = time.monotonic() + timeout_s, "the schema is behind this release"
        while time.monotonic() < deadline:
            try:
                if self.state(database_url) is not SchemaState.BEHIND:
                    return
            except OperationalError as error:
                reason = str(error.orig).strip().partition("\n")[0]
            time.sleep(WAIT_S)
        raise SchemaBehind(f"Schema {self.schema} was not migrated within {timeout_s:g} s: {reason}")

    def _revision(self, connection: Connection) -> str | None:
        found = connection.execute(text("SELECT to_regclass(:name)"), {"name": f"{self.schema}.alembic_version"})
        if found.scalar_one() is None:
            return None
        revision: str | None = connection.execute(
            text(f'SELECT version_num FROM "{self.schema}".alembic_version')  # noqa: S608 - a constant name
        ).scalar_one_or_none()
        return revision

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
        """Take the advisory lock of this schema's migrations.

        Polls instead of waiting in the server: CREATE INDEX CONCURRENTLY waits for all earlier statements, so it would
        deadlock with one that waits for this lock.
        """
        lock = {"key": zlib.crc32(f"darkroom migrations of {self.schema}".encode())}
        while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), lock).scalar_one():
            connection.commit()
            time.sleep(ASK_AGAIN_S)

    def _make_schema(self, connection: Connection) -> None:
        """Create the schema if it is missing. IF NOT EXISTS requires the right to create schemas even if it exists."""
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
    """Run the revisions on the given connection, each in a transaction. The body of a service's `env.py`.

    `context` is `alembic.context`, a module that acts as proxy of the run's environment (hence Any). Only `schema` is
    inspected, since the database may contain the schemas of other services.
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
