"""Roles and schemas on the embedded PostgreSQL."""

from pathlib import Path

import psycopg
import pytest
from darkroom_local.databases import DATABASE, SchemaOwner, make_databases
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.postgres import EmbeddedPostgres


def test_each_role_owns_its_schema_and_sees_no_other(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", free_ports(1)[0], durable=False)
    platform = SchemaOwner("darkroom_platform", "platform", "first")
    webhooks = SchemaOwner("darkroom_webhooks", "webhooks", "second")
    with running(server.prepare(), tmp_path / "log"):
        for _start in range(2):
            make_databases(server.url(), server.url(DATABASE), [platform, webhooks])
        with psycopg.connect(platform.url(server.port)) as connection:
            connection.execute("CREATE TABLE platform.jobs AS SELECT 1 AS id")
            assert connection.execute("SELECT id FROM jobs").fetchone() == (1,)
        with (
            psycopg.connect(webhooks.url(server.port)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT id FROM platform.jobs")
