"""The trace context of messages.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE webhooks.messages ADD COLUMN IF NOT EXISTS traceparent TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE webhooks.messages DROP COLUMN IF EXISTS traceparent")
