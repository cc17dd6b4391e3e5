"""Details of a reported end of a job, stored with its history entry.

Revision ID: 0014
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE platform.job_history ADD COLUMN IF NOT EXISTS details JSONB")


def downgrade() -> None:
    op.execute("ALTER TABLE platform.job_history DROP COLUMN IF EXISTS details")
