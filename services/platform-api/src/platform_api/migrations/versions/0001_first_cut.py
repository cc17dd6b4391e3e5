"""Users, keys, jobs with their steps and history, assets, credits, the outbox and log offsets.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE platform.users (
        id UUID NOT NULL,
        name TEXT NOT NULL,
        balance_mc BIGINT DEFAULT '0' NOT NULL,
        jobs_total BIGINT DEFAULT '0' NOT NULL,
        assets_total BIGINT DEFAULT '0' NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT users_pkey PRIMARY KEY (id),
        CONSTRAINT users_balance_check CHECK (balance_mc >= 0),
        CONSTRAINT users_name_key UNIQUE (name)
    )
    """,
    """
    CREATE TABLE platform.api_keys (
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        user_id UUID,
        secret_hash BYTEA NOT NULL,
        name TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        revoked_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT api_keys_pkey PRIMARY KEY (id),
        CONSTRAINT api_keys_kind_check CHECK (kind IN ('user', 'service', 'admin')),
        CONSTRAINT api_keys_owner_check CHECK ((kind = 'user') = (user_id IS NOT NULL)),
        CONSTRAINT api_keys_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id)
    )
    """,
    """
    CREATE INDEX api_keys_user_id_idx ON platform.api_keys (user_id)
    """,
    """
    CREATE TABLE platform.idempotency_keys (
        user_id UUID NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        answer TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key),
        CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id)
    )
    """,
    """
    CREATE INDEX idempotency_keys_created_at_idx ON platform.idempotency_keys (created_at)
    """,
    """
    CREATE TABLE platform.jobs (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        job_type TEXT NOT NULL,
        status TEXT NOT NULL,
        run INTEGER DEFAULT '1' NOT NULL,
        priority SMALLINT NOT NULL,
        parameters JSONB NOT NULL,
        steps_total SMALLINT NOT NULL,
        steps_done SMALLINT DEFAULT '0' NOT NULL,
        outputs JSONB DEFAULT '[]' NOT NULL,
        text TEXT,
        error JSONB,
        price_mc BIGINT NOT NULL,
        charged_mc BIGINT DEFAULT '0' NOT NULL,
        history_seq INTEGER NOT NULL,
        last_event_id TEXT,
        trace_id TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE,
        completed_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT jobs_pkey PRIMARY KEY (id),
        CONSTRAINT jobs_status_check CHECK (status IN ('queued', 'delayed', 'running', 'completed', 'failed',
            'cancelled')),
        CONSTRAINT jobs_run_check CHECK (run >= 1),
        CONSTRAINT jobs_priority_check CHECK (priority BETWEEN 1 AND 100),
        CONSTRAINT jobs_steps_check CHECK (steps_done BETWEEN 0 AND steps_total),
        CONSTRAINT jobs_charged_check CHECK (charged_mc BETWEEN 0 AND price_mc),
        CONSTRAINT jobs_completed_check CHECK ((status IN ('queued', 'delayed', 'running')) = (completed_at IS NULL)),
        CONSTRAINT jobs_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id)
    )
    """,
    """
    CREATE INDEX jobs_active_idx ON platform.jobs (updated_at) WHERE status IN ('queued', 'delayed', 'running')
    """,
    """
    CREATE INDEX jobs_user_newest_idx ON platform.jobs (user_id, id DESC)
    """,
    """
    CREATE TABLE platform.steps (
        job_id UUID NOT NULL,
        run INTEGER NOT NULL,
        number SMALLINT NOT NULL,
        job_type TEXT NOT NULL,
        status TEXT NOT NULL,
        payload JSONB NOT NULL,
        price_mc BIGINT NOT NULL,
        text TEXT,
        worker_id TEXT,
        timings_s JSONB DEFAULT '{}' NOT NULL,
        submitted_at TIMESTAMP WITH TIME ZONE,
        started_at TIMESTAMP WITH TIME ZONE,
        finished_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT steps_pkey PRIMARY KEY (job_id, run, number),
        CONSTRAINT steps_status_check CHECK (status IN ('queued', 'delayed', 'running', 'completed', 'failed',
            'cancelled')),
        CONSTRAINT steps_number_check CHECK (number BETWEEN 0 AND 99),
        CONSTRAINT steps_price_check CHECK (price_mc >= 0),
        CONSTRAINT steps_job_id_fkey FOREIGN KEY(job_id) REFERENCES platform.jobs (id)
    )
    """,
    """
    CREATE INDEX steps_pending_idx ON platform.steps (submitted_at) WHERE status IN ('queued', 'delayed', 'running')
            AND submitted_at IS NOT NULL
    """,
    """
    CREATE TABLE platform.job_history (
        job_id UUID NOT NULL,
        seq INTEGER NOT NULL,
        run INTEGER NOT NULL,
        event TEXT NOT NULL,
        status TEXT NOT NULL,
        message TEXT NOT NULL,
        progress DOUBLE PRECISION,
        source_event_id TEXT,
        event_id TEXT,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT job_history_pkey PRIMARY KEY (job_id, seq),
        CONSTRAINT job_history_job_id_source_event_id_key UNIQUE (job_id, source_event_id),
        CONSTRAINT job_history_status_check CHECK (status IN ('queued', 'delayed', 'running', 'completed', 'failed',
            'cancelled')),
        CONSTRAINT job_history_job_id_fkey FOREIGN KEY(job_id) REFERENCES platform.jobs (id)
    )
    """,
    """
    CREATE TABLE platform.assets (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        job_id UUID NOT NULL,
        run INTEGER NOT NULL,
        step SMALLINT NOT NULL,
        output_index SMALLINT NOT NULL,
        job_type TEXT NOT NULL,
        object_key TEXT NOT NULL,
        thumbnail_key TEXT,
        mime_type TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        sha256 TEXT NOT NULL,
        width INTEGER,
        height INTEGER,
        frames INTEGER,
        duration_s DOUBLE PRECISION,
        recipe JSONB,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT assets_pkey PRIMARY KEY (id),
        CONSTRAINT assets_job_id_run_step_fkey FOREIGN KEY(job_id, run, step) REFERENCES platform.steps (job_id, run,
            number),
        CONSTRAINT assets_job_id_run_step_output_index_key UNIQUE (job_id, run, step, output_index),
        CONSTRAINT assets_size_check CHECK (size_bytes >= 0),
        CONSTRAINT assets_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id)
    )
    """,
    """
    CREATE INDEX assets_user_newest_idx ON platform.assets (user_id, id DESC)
    """,
    """
    CREATE TABLE platform.credit_ledger (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        user_id UUID NOT NULL,
        kind TEXT NOT NULL,
        amount_mc BIGINT NOT NULL,
        job_id UUID,
        run INTEGER,
        item TEXT,
        note TEXT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT credit_ledger_pkey PRIMARY KEY (id),
        CONSTRAINT credit_ledger_kind_check CHECK (kind IN ('grant', 'reserve', 'capture', 'release')),
        CONSTRAINT credit_ledger_amount_check CHECK (amount_mc > 0),
        CONSTRAINT credit_ledger_job_check CHECK ((kind = 'grant') = (job_id IS NULL) AND (job_id IS NULL) = (run IS
            NULL)),
        CONSTRAINT credit_ledger_item_check CHECK ((kind = 'capture') = (item IS NOT NULL)),
        CONSTRAINT credit_ledger_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id),
        CONSTRAINT credit_ledger_job_id_fkey FOREIGN KEY(job_id) REFERENCES platform.jobs (id)
    )
    """,
    """
    CREATE UNIQUE INDEX credit_ledger_capture_key ON platform.credit_ledger (job_id, item) WHERE kind = 'capture'
    """,
    """
    CREATE UNIQUE INDEX credit_ledger_release_key ON platform.credit_ledger (job_id, run) WHERE kind = 'release'
    """,
    """
    CREATE UNIQUE INDEX credit_ledger_reserve_key ON platform.credit_ledger (job_id, run) WHERE kind = 'reserve'
    """,
    """
    CREATE INDEX credit_ledger_user_id_id_idx ON platform.credit_ledger (user_id, id)
    """,
    """
    CREATE TABLE platform.outbox (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        kind TEXT NOT NULL,
        job_id UUID,
        history_seq INTEGER,
        body JSONB NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT outbox_pkey PRIMARY KEY (id),
        CONSTRAINT outbox_kind_check CHECK (kind IN ('submit', 'cancel', 'emit', 'keys')),
        CONSTRAINT outbox_job_check CHECK ((kind = 'keys') = (job_id IS NULL))
    )
    """,
    """
    CREATE TABLE platform.offsets (
        reader TEXT NOT NULL,
        position TEXT NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT offsets_pkey PRIMARY KEY (reader)
    )
    """,
)

APPEND_ONLY = """
    CREATE FUNCTION platform.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME;
    END $$;
    CREATE TRIGGER credit_ledger_append_only BEFORE UPDATE OR DELETE ON platform.credit_ledger
        FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_change();
"""

# The queue deduplicates by outbox id: a recreated database must not reuse ids that the queue has seen.
OUTBOX_START = """
    SELECT setval(pg_get_serial_sequence('platform.outbox', 'id'), (extract(epoch FROM now()) * 1000)::bigint)
"""

DROP_ORDER = (
    *("offsets", "outbox", "credit_ledger", "assets", "job_history", "steps", "jobs"),
    *("idempotency_keys", "api_keys", "users"),
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    op.execute(APPEND_ONLY)
    op.execute(OUTBOX_START)


def downgrade() -> None:
    for name in DROP_ORDER:
        op.execute(f"DROP TABLE platform.{name}")
    op.execute("DROP FUNCTION platform.refuse_change()")
