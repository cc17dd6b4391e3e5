"""Fills the tables of platform-api with as many rows as wanted, by SQL, as jobs of the past would have left them.

Every thousandth job is queued; of the others one in fifty failed, one in fifty was cancelled, and the rest delivered an
image or, one in ten, a video. A second lies between two jobs, and the ids tell the same time as the rows.
"""

from collections.abc import Sequence

import psycopg
from darkroom_schemas.ids import UserId

_OWN = "(%(owners)s::uuid[])[1 + (hashint4(n) & 65535) %% cardinality(%(owners)s::uuid[])]"
_AGE = "make_interval(secs => %(last_age_s)s + %(jobs)s - n)"
_AT = f"now() - {_AGE}"
_JOBS = f"""
    INSERT INTO platform.jobs (
        id, user_id, job_type, status, priority, parameters, steps_total, steps_done, outputs, price_mc, charged_mc,
        history_seq, trace_id, created_at, updated_at, completed_at
    )
    SELECT
        uuidv7(-{_AGE}), {_OWN},
        CASE WHEN n %% 10 = 0 THEN 'video_fast' ELSE 'sdxl_image_fast' END, made.status, 50,
        jsonb_build_object('prompt', 'a lighthouse at dawn, number ' || n), 1,
        (made.status = 'completed')::int,
        CASE WHEN made.status = 'completed' THEN jsonb_build_array(jsonb_build_object(
            'asset_id', gen_random_uuid(), 'index', 0, 'mime_type', 'image/png', 'size_bytes', 1000000,
            'has_thumbnail', true, 'width', 1024, 'height', 1024, 'seed', n
        )) ELSE '[]' END,
        1000, CASE WHEN made.status = 'completed' THEN 1000 ELSE 0 END, 3, md5(n::text), {_AT}, {_AT},
        CASE WHEN made.status <> 'queued' THEN {_AT} END
    FROM generate_series(1, %(jobs)s) AS n, LATERAL (SELECT CASE
        WHEN n %% 1000 = 0 THEN 'queued' WHEN n %% 50 = 1 THEN 'failed' WHEN n %% 50 = 2 THEN 'cancelled'
        ELSE 'completed'
    END AS status) AS made
"""  # noqa: S608 - constants of this file
_ASSETS = """
    INSERT INTO platform.assets (
        id, user_id, job_id, run, step, output_index, job_type, step_type, object_key, thumbnail_key, mime_type,
        size_bytes, sha256, width, height, created_at
    )
    SELECT
        uuidv7(created_at - now()), user_id, id, 1, 0, 0, job_type, job_type, id || '/0.png', id || '/0.webp',
        CASE job_type WHEN 'video_fast' THEN 'video/mp4' ELSE 'image/png' END, 1000000, md5(id::text), 1024, 1024,
        created_at
    FROM platform.jobs WHERE status = 'completed'
"""
_LEDGER = """
    INSERT INTO platform.credit_ledger (user_id, kind, amount_mc, job_id, run, created_at)
    SELECT user_id, 'reserve', price_mc, id, 1, created_at FROM platform.jobs ORDER BY id
"""
_COUNTS = """
    UPDATE platform.users SET jobs_total = jobs.count, assets_total = assets.count
    FROM (SELECT user_id, count(*) FROM platform.jobs GROUP BY user_id) AS jobs
    JOIN (SELECT user_id, count(*) FROM platform.assets GROUP BY user_id) AS assets USING (user_id)
    WHERE users.id = user_id
"""
_STEPS = """
    INSERT INTO platform.steps (job_id, run, number, job_type, status, payload, price_mc, submitted_at, finished_at)
    SELECT id, 1, 0, job_type, status, parameters, price_mc, created_at, completed_at FROM platform.jobs
"""
_KEYS = """
    INSERT INTO platform.idempotency_keys (user_id, key, fingerprint, answer, created_at)
    SELECT user_id, id::text, md5(id::text), parameters::text, created_at FROM platform.jobs
"""
_OUTBOX = """
    INSERT INTO platform.outbox (kind, job_id, history_seq, body)
    SELECT 'emit', id, 1, parameters FROM platform.jobs ORDER BY id
"""
LISTED = ("jobs", "assets", "users")
REST = ("steps", "credit_ledger", "idempotency_keys", "outbox")


def add_users(connection: psycopg.Connection, count: int) -> list[UserId]:
    """Add users who can pay."""
    named = "SELECT uuidv7(), gen_random_uuid()::text, 1000000000 FROM generate_series(1, %s)"
    found = connection.execute(f"INSERT INTO platform.users (id, name, balance_mc) {named} RETURNING id", (count,))
    return [UserId(str(user_id)) for (user_id,) in found]


def add_jobs(connection: psycopg.Connection, owners: Sequence[UserId], jobs: int, *, last_age_s: int = 0) -> None:
    """Add jobs of these owners, in no order, without steps: so the queue is asked about none of them."""
    # Foreign keys are not looked up, which would take longer than all else.
    connection.execute("SET session_replication_role = replica")
    connection.execute(_JOBS, {"jobs": jobs, "owners": list(owners), "last_age_s": last_age_s})


def deliver(connection: psycopg.Connection) -> None:
    """Add what all the jobs delivered, and count."""
    connection.execute("TRUNCATE platform.assets CASCADE")
    connection.execute(_ASSETS)
    connection.execute(_COUNTS)
    _analyze(connection, LISTED)


def add_the_rest(connection: psycopg.Connection) -> None:
    """Add a step, a ledger entry, an idempotency key and an outbox row for each job."""
    for statement in (_STEPS, _LEDGER, _KEYS, _OUTBOX):
        connection.execute(statement)
    _analyze(connection, REST)


def _analyze(connection: psycopg.Connection, tables: Sequence[str]) -> None:
    """As autovacuum would soon do; what is visible to all is then read from indexes alone."""
    for table in tables:
        connection.execute(f"VACUUM (ANALYZE) platform.{table}")
