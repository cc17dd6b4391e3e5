"""Lists of a user's jobs by status and by type.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX jobs_user_status_newest_idx ON platform.jobs (user_id, status, id DESC)")
    op.execute("CREATE INDEX jobs_user_type_newest_idx ON platform.jobs (user_id, job_type, id DESC)")


def downgrade() -> None:
    op.execute("DROP INDEX platform.jobs_user_type_newest_idx")
    op.execute("DROP INDEX platform.jobs_user_status_newest_idx")
