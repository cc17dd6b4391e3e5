"""Removal of assets and their bytes, and lists of a job's assets.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE platform.doomed_objects (
            object_key TEXT NOT NULL,
            due_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT doomed_objects_pkey PRIMARY KEY (object_key)
        )
    """)
    op.execute("CREATE INDEX doomed_objects_due_at_idx ON platform.doomed_objects (due_at)")


def downgrade() -> None:
    op.execute("DROP TABLE platform.doomed_objects")
