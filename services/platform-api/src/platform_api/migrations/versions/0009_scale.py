"""Indexes for lists by every filter, and for recently revoked steps.

Revision ID: 0009
"""

from darkroom_chassis.online_changes import create_index, drop_index

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEXES = {
    "jobs_user_id_id_idx": "jobs (user_id, id)",
    "jobs_user_id_status_id_idx": "jobs (user_id, status, id)",
    "jobs_user_id_job_type_status_id_idx": "jobs (user_id, job_type, status, id)",
    "assets_user_id_id_idx": "assets (user_id, id)",
    "assets_user_id_job_type_id_idx": "assets (user_id, job_type, id)",
    "assets_user_id_mime_type_id_idx": "assets (user_id, mime_type, id)",
    "steps_revoked_idx": "steps (finished_at) WHERE status IN ('failed', 'cancelled') AND submitted_at IS NOT NULL",
}
REPLACED = {
    "jobs_user_newest_idx": "jobs (user_id, id DESC)",
    "jobs_user_status_newest_idx": "jobs (user_id, status, id DESC)",
    "jobs_user_type_newest_idx": "jobs (user_id, job_type, id DESC)",
    "assets_user_newest_idx": "assets (user_id, id DESC)",
}


def upgrade() -> None:
    _exchange(REPLACED, INDEXES)


def downgrade() -> None:
    _exchange(INDEXES, REPLACED)


def _exchange(old: dict[str, str], new: dict[str, str]) -> None:
    for name, definition in new.items():
        create_index("platform", name, definition)
    for name in old:
        drop_index("platform", name)
