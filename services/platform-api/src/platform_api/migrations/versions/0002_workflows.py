"""Jobs of any dialect with retries: steps that wait for others, and backups of earlier runs.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = {
    "jobs": {"name": "TEXT", "description": "TEXT", "collection_id": "UUID", "reported": "JSONB"},
    "steps": {"outputs": "SMALLINT", "needs": "JSONB", "requirements": "JSONB", "template": "JSONB"},
    "job_history": {"step": "SMALLINT"},
}

TABLES = {
    "job_retry_backup": """
        job_id UUID NOT NULL,
        run INTEGER NOT NULL,
        data JSONB NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT job_retry_backup_pkey PRIMARY KEY (job_id, run),
        CONSTRAINT job_retry_backup_job_id_fkey FOREIGN KEY(job_id) REFERENCES platform.jobs (id)
    """,
}


def upgrade() -> None:
    for name, definition in TABLES.items():
        op.execute(f"CREATE TABLE platform.{name} ({definition})")
    for table, columns in COLUMNS.items():
        for name, type_ in columns.items():
            op.execute(f"ALTER TABLE platform.{table} ADD COLUMN {name} {type_}")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE platform.{name}")
    for table, columns in COLUMNS.items():
        for name in columns:
            op.execute(f"ALTER TABLE platform.{table} DROP COLUMN {name}")
