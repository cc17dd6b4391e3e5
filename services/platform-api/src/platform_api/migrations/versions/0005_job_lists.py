"""Lists of a user's jobs by status and by type.

Revision ID: 0005
"""

from darkroom_chassis.online_changes import create_index, drop_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = {
    "jobs_user_status_newest_idx": "jobs (user_id, status, id DESC)",
    "jobs_user_type_newest_idx": "jobs (user_id, job_type, id DESC)",
}


def upgrade() -> None:
    for name, definition in INDEXES.items():
        create_index("platform", name, definition)


def downgrade() -> None:
    for name in INDEXES:
        drop_index("platform", name)
