"""Messages by age, for retention.

Revision ID: 0004
"""

from alembic import op
from darkroom_chassis.online_changes import create_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_index("webhooks", "messages_created_at_idx", "messages (created_at)")


def downgrade() -> None:
    op.execute("DROP INDEX webhooks.messages_created_at_idx")
