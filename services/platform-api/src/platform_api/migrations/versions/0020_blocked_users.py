"""Users whom operators have blocked.

Revision ID: 0020
"""

from alembic import op
from darkroom_chassis.online_changes import create_index, drop_index

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE platform.users ADD COLUMN IF NOT EXISTS blocked_at TIMESTAMP WITH TIME ZONE")
    create_index("platform", "users_blocked_idx", "users (id) WHERE blocked_at IS NOT NULL")


def downgrade() -> None:
    drop_index("platform", "users_blocked_idx")
    op.execute("ALTER TABLE platform.users DROP COLUMN IF EXISTS blocked_at")
