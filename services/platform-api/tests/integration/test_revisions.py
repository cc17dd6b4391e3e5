"""Every revision is made, undone and made again over rows, and what takes long lets others go on meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor
from string import Template

import psycopg
import pytest
from alembic.script import ScriptDirectory
from platform_api.migrations import MIGRATIONS
from platform_api.store.tables.schema import metadata
from support.schema import differences

USER, JOB = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"
REVISIONS = [step.revision for step in reversed(list(ScriptDirectory(MIGRATIONS.folder).walk_revisions()))]
ROWS = {
    "0001": (
        "INSERT INTO platform.users (id, name) VALUES ('$user', 'ann')",
        """INSERT INTO platform.api_keys (id, kind, user_id, secret_hash, name)
            VALUES ('k', 'user', '$user', 'x', 'ann''s')""",
        """INSERT INTO platform.idempotency_keys (user_id, key, fingerprint, answer) VALUES ('$user', 'k', '', '')""",
        """INSERT INTO platform.jobs (id, user_id, job_type, status, priority, parameters, steps_total, price_mc,
                history_seq, trace_id, created_at, updated_at)
            VALUES ('$job', '$user', 'sdxl_image_fast', 'queued', 50, '{}', 1, 5, 1, '', now(), now())""",
        """INSERT INTO platform.steps (job_id, run, number, job_type, status, payload, price_mc)
            VALUES ('$job', 1, 0, 'sdxl_image_fast', 'queued', '{}', 5)""",
        """INSERT INTO platform.job_history (job_id, seq, run, event, status, message, at)
            VALUES ('$job', 1, 1, 'node_started', 'queued', '', now())""",
        """INSERT INTO platform.assets (id, user_id, job_id, run, step, output_index, job_type, object_key, mime_type,
                size_bytes, sha256, created_at)
            VALUES ('$job', '$user', '$job', 1, 0, 0, 'sdxl_image_fast', 'key', 'image/png', 1, '', now())""",
        "INSERT INTO platform.credit_ledger (user_id, kind, amount_mc) VALUES ('$user', 'grant', 5)",
        "INSERT INTO platform.outbox (kind, job_id, body) VALUES ('cancel', '$job', '{}')",
        "INSERT INTO platform.offsets (reader, position) VALUES ('r', '0-1-2-3')",
    ),
    "0002": ("INSERT INTO platform.job_retry_backup (job_id, run, data) VALUES ('$job', 1, '{}')",),
    "0003": ("INSERT INTO platform.servers (alias) VALUES ('Main')",),
    "0004": (
        "INSERT INTO platform.passwords (user_id, password_hash) VALUES ('$user', 'x')",
        "INSERT INTO platform.sessions (token_hash, user_id, expires_at) VALUES ('x', '$user', now())",
        "INSERT INTO platform.login_attempts (subject, attempts, since) VALUES ('x', 1, now())",
    ),
    "0006": ("INSERT INTO platform.doomed_objects (object_key) VALUES ('key')",),
    "0007": ("INSERT INTO platform.credit_ledger (user_id, kind, amount_mc) VALUES ('$user', 'deduction', 5)",),
    "0008": ("INSERT INTO platform.models (user_id, name) VALUES ('$user', 'sdxl')",),
    "0011": (
        """INSERT INTO platform.operator_idempotency_keys (key_id, key, fingerprint, answer)
            VALUES ('k', 'k', '', '')""",
    ),
    "0012": ("INSERT INTO platform.leftover_checks (job_id, due_at) VALUES ('$job', now())",),
    "0014": ("UPDATE platform.job_history SET details = '{}' WHERE job_id = '$job'",),
}
"""What is added after a revision that made a place for it, for `$user` and `$job`."""


def execute(database_url: str, *statements: str, job: str = JOB) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(Template(statement).substitute(user=USER, job=job))
        return cursor.fetchall() if cursor.description else []


def job_rows(database_url: str) -> list[tuple[object, ...]]:
    return execute(database_url, "SELECT id::text, user_id::text, status, price_mc FROM platform.jobs")


def test_each_revision_can_be_made_undone_and_made_again_over_rows(postgres_url: str) -> None:
    for before, revision in zip(["base", *REVISIONS], REVISIONS, strict=False):
        MIGRATIONS.upgrade(postgres_url, revision)
        execute(postgres_url, "SELECT 1", *ROWS.get(revision, ()))
        MIGRATIONS.downgrade(postgres_url, before)
        MIGRATIONS.upgrade(postgres_url, revision)
        if before == "base":
            execute(postgres_url, *ROWS[revision])
        assert job_rows(postgres_url) == [(JOB, USER, "queued", 5)]
    assert differences(postgres_url, metadata) == []
    MIGRATIONS.downgrade(postgres_url, "base")
    MIGRATIONS.upgrade(postgres_url)
    assert job_rows(postgres_url) == []


def test_replicas_that_migrate_at_once_do_not_wait_for_each_other_in_a_circle(postgres_url: str) -> None:
    with ThreadPoolExecutor(4) as replicas:
        list(replicas.map(MIGRATIONS.upgrade, [postgres_url] * 4))
    assert differences(postgres_url, metadata) == []


def test_jobs_are_accepted_while_an_index_waits_for_an_old_transaction(postgres_url: str) -> None:
    MIGRATIONS.upgrade(postgres_url, "0008")
    execute(postgres_url, *ROWS["0001"])
    migrating = threading.Thread(target=MIGRATIONS.upgrade, args=(postgres_url,))
    with psycopg.connect(postgres_url) as old:
        old.execute("UPDATE platform.jobs SET priority = 60")  # and does not end yet
        migrating.start()
        making = "query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'"
        with psycopg.connect(postgres_url, autocommit=True) as watcher:
            while not watcher.execute(f"SELECT 1 FROM pg_stat_activity WHERE {making}").fetchone():  # noqa: S608 - ours
                migrating.join(0.01)
                assert migrating.is_alive()
        execute(postgres_url, "SET lock_timeout = '2s'", ROWS["0001"][3], job=JOB[:-1] + "c")
    migrating.join(20)
    assert differences(postgres_url, metadata) == []


@pytest.mark.parametrize(
    ("before", "revision", "name"),
    [
        ("0008", "0009", "jobs_user_id_id_idx"),
        ("0008", "0009", "steps_revoked_idx"),
        ("0009", "0010", "assets_step_type_id_idx"),
    ],
)
def test_an_index_that_a_failed_migration_left_unfinished_is_recreated(
    postgres_url: str, before: str, revision: str, name: str
) -> None:
    MIGRATIONS.upgrade(postgres_url, revision)
    stamp = f"UPDATE platform.alembic_version SET version_num = '{before}'"  # noqa: S608 - ours
    spoil = f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'platform.{name}'::regclass"  # noqa: S608 - ours
    execute(postgres_url, stamp, spoil)
    MIGRATIONS.upgrade(postgres_url)
    assert execute(postgres_url, "SELECT 1 FROM pg_index WHERE NOT indisvalid") == []
    assert differences(postgres_url, metadata) == []
