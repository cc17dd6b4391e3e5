"""Uploads are assets without a job.

Revision ID: 0015
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE platform.assets ALTER COLUMN job_id DROP NOT NULL")


def downgrade() -> None:
    # Uploads have no place in the earlier schema; their bytes are deleted by the loop of deletions.
    op.execute("""
        INSERT INTO platform.doomed_objects (object_key)
        SELECT unnest(ARRAY[object_key, thumbnail_key]) FROM platform.assets WHERE job_id IS NULL
        ON CONFLICT DO NOTHING
    """)
    op.execute("""
        WITH removed AS (DELETE FROM platform.assets WHERE job_id IS NULL RETURNING user_id),
        counted AS (SELECT user_id, count(*) AS removed FROM removed GROUP BY user_id)
        UPDATE platform.users AS u SET assets_total = u.assets_total - counted.removed
        FROM counted WHERE u.id = counted.user_id
    """)
    op.execute("ALTER TABLE platform.assets ALTER COLUMN job_id SET NOT NULL")
