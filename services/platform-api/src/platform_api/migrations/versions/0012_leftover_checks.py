"""Jobs whose folder in the object store may contain orphaned objects.

Revision ID: 0012
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE platform.leftover_checks (
            job_id UUID NOT NULL,
            due_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT leftover_checks_pkey PRIMARY KEY (job_id)
        )
    """)
    op.execute("CREATE INDEX leftover_checks_due_at_idx ON platform.leftover_checks (due_at)")


def downgrade() -> None:
    op.execute("DROP TABLE platform.leftover_checks")
