"""Indexes of the delivery log by event type, which every delivery has from now on, and of failed deliveries.

Revision ID: 0007
"""

from alembic import op
from darkroom_chassis.online_changes import create_index, drop_index

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

S = "webhooks"


def upgrade() -> None:
    op.execute("""
        UPDATE webhooks.deliveries AS delivery SET event_type = message.event_type
        FROM webhooks.messages AS message
        WHERE message.id = delivery.message_id AND delivery.event_type IS NULL
    """)
    create_index(S, "deliveries_failed_idx", "deliveries (endpoint_id, id) WHERE status = 'failed'")
    create_index(S, "deliveries_by_type_idx", "deliveries (endpoint_id, event_type, id)")


def downgrade() -> None:
    drop_index(S, "deliveries_by_type_idx")
    drop_index(S, "deliveries_failed_idx")
