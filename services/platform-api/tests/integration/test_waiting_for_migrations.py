"""Pods of a new release wait until its migrations have run, and accept the schema of a later release."""

import subprocess
import sys
import threading

import psycopg
import pytest
from darkroom_chassis.migrations import SchemaBehind, SchemaState
from platform_api.migrations import MIGRATIONS

NOBODY = "postgresql://nobody:x@127.0.0.1:1/darkroom"


def test_an_empty_database_is_behind(postgres_url: str) -> None:
    assert MIGRATIONS.state(postgres_url) is SchemaState.BEHIND
    with pytest.raises(SchemaBehind, match="Schema platform was not migrated within 0"):
        MIGRATIONS.wait(postgres_url, 0.01)


def test_an_old_revision_is_behind_and_the_head_is_current(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    assert MIGRATIONS.state(postgres_url) is SchemaState.CURRENT
    MIGRATIONS.downgrade(postgres_url, "-1")
    assert MIGRATIONS.state(postgres_url) is SchemaState.BEHIND


def test_the_schema_of_a_later_release_is_accepted(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE platform.alembic_version SET version_num = 'of a later release'")
    assert MIGRATIONS.state(postgres_url) is SchemaState.NEWER
    MIGRATIONS.wait(postgres_url, 1)


def test_waiting_ends_when_another_process_has_migrated(postgres_url: str) -> None:
    waiting = threading.Thread(target=MIGRATIONS.wait, args=(postgres_url, 60))
    waiting.start()
    MIGRATIONS.upgrade(postgres_url)
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(SchemaBehind, match="Connection refused"):
        MIGRATIONS.wait(NOBODY, 0.01)


def test_the_command_exits_with_the_reason(postgres_url: str) -> None:
    env = {"DATABASE_URL": postgres_url, "OBJECT_STORE_URL": "memory:///", "JWT_SECRET": "j" * 32} | {
        "SIGNING_SECRET": "s" * 32
    }
    command = [sys.executable, "-m", "platform_api", "migrate", "--wait", "0.1"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the schema is behind this release" in done.stderr
