"""Outbox rows that cannot be relayed are set aside.

Revision ID: 0013
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE platform.outbox
            ADD COLUMN rejected_at TIMESTAMP WITH TIME ZONE,
            ADD COLUMN rejected_reason TEXT
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE platform.outbox DROP COLUMN rejected_at, DROP COLUMN rejected_reason")
