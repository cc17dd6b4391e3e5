"""Fixtures: a real Valkey and a real PostgreSQL for the test run, a clean database for each test.

`redis_url`      an emptied Valkey; use one at a time.
`make_database`  `make_database(migrate)` returns the URL of a new database with the schema that `migrate(url)` builds.
                 It is built once a run and copied for each test, so pass the same function every time.
`postgres_url`   an empty database, for tests that need no schema.
Both servers keep no promise of durability, and end with the test run, however it ends.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
import redis
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.postgres import EmbeddedPostgres
from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_queue.keys import Keys
from psycopg import sql

from support.redis_servers import spec_of

Migrate = Callable[[str], None]
MakeDatabase = Callable[[Migrate | None], str]


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """Run one Valkey without persistence for the whole test run."""
    folder = tmp_path_factory.mktemp("valkey")
    server = EmbeddedValkey(folder, free_ports(1)[0], durable=False)
    with running(spec_of(server), folder / "log"):
        yield server


@pytest.fixture
def redis_url(valkey_server: EmbeddedValkey) -> str:
    """Give the test an empty Valkey."""
    empty_valkey(valkey_server.url)
    return valkey_server.url


def empty_valkey(url: str) -> None:
    """Remove keys and scripts. The log keeps its place, or services would see a loss.

    A service of several tests starts on an empty server, too: it would remember the workers of an earlier test.
    """
    meta, place = Keys().meta, ("epoch", "run", "last")
    with redis.Redis.from_url(url) as connection:
        known = dict(zip(place, connection.hmget(meta, place), strict=True))
        connection.flushall()
        if kept := {name: value for name, value in known.items() if value is not None}:
            connection.hset(meta, mapping=kept)
        connection.script_flush()


@dataclass
class PostgresDatabases:
    """Makes databases on the server of the test run, from templates migrated once."""

    server: EmbeddedPostgres
    _templates: dict[Migrate, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def create(self, migrate: Migrate | None) -> str:
        return self._create_from("template1" if migrate is None else self._template(migrate))

    def drop(self, database: str) -> None:
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _template(self, migrate: Migrate) -> str:
        if migrate not in self._templates:
            name = self._create_from("template1")
            migrate(self.server.url(name))
            self._templates[migrate] = name
        return self._templates[migrate]

    def _create_from(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        names = sql.Identifier(name), sql.Identifier(template)
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return name

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresDatabases]:
    """Run one PostgreSQL without fsync for the whole test run."""
    folder = Path(tmp_path_factory.mktemp("postgres"))
    server = EmbeddedPostgres(folder, free_ports(1)[0], durable=False)
    with running(server.prepare(), folder / "log"):
        yield PostgresDatabases(server)


@pytest.fixture
def make_database(postgres_databases: PostgresDatabases) -> Iterator[MakeDatabase]:
    """Give the test a maker of databases, dropped when it ends."""
    made: list[str] = []

    def make(migrate: Migrate | None = None) -> str:
        made.append(postgres_databases.create(migrate))
        return postgres_databases.server.url(made[-1])

    yield make
    for database in made:
        postgres_databases.drop(database)


@pytest.fixture
def postgres_url(make_database: MakeDatabase) -> str:
    """Give the test an empty database of its own."""
    return make_database(None)
