"""The trace context of the request that created a job.

Revision ID: 0019
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE platform.jobs ADD COLUMN IF NOT EXISTS traceparent TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE platform.jobs DROP COLUMN IF EXISTS traceparent")
