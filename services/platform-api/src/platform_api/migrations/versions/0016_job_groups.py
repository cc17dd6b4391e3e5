"""Jobs whose steps are a group have rules of their own, and their steps errors of their own.

Revision ID: 0016
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE platform.jobs ADD COLUMN group_rules jsonb")
    op.execute("ALTER TABLE platform.steps ADD COLUMN error jsonb")


def downgrade() -> None:
    op.execute("ALTER TABLE platform.jobs DROP COLUMN group_rules")
    op.execute("ALTER TABLE platform.steps DROP COLUMN error")
