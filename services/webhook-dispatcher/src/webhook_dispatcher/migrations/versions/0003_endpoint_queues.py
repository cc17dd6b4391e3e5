"""Queues of endpoints, whose limits all replicas share, and leases of deliveries.

Revision ID: 0003
"""

from alembic import op
from darkroom_chassis.online_changes import create_index

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PENDING = "WHERE status = 'pending'"
INDEXES = {
    "deliveries_pending_idx": f"deliveries (endpoint_id, next_at) {PENDING}",
    "deliveries_ordered_idx": f"deliveries (endpoint_id, id) {PENDING}",
    "deliveries_leased_idx": "deliveries (endpoint_id) WHERE leased_until IS NOT NULL",
}


def upgrade() -> None:
    op.execute("ALTER TABLE webhooks.endpoints ADD COLUMN IF NOT EXISTS ordered BOOLEAN DEFAULT false NOT NULL")
    op.execute("ALTER TABLE webhooks.endpoints ADD COLUMN IF NOT EXISTS rate_per_s DOUBLE PRECISION")
    op.execute("ALTER TABLE webhooks.deliveries ADD COLUMN IF NOT EXISTS leased_until TIMESTAMP WITH TIME ZONE")
    op.execute("""
        CREATE TABLE IF NOT EXISTS webhooks.endpoint_queues (
            endpoint_id UUID NOT NULL,
            due_at TIMESTAMP WITH TIME ZONE,
            parallel DOUBLE PRECISION DEFAULT 8 NOT NULL,
            failures INTEGER DEFAULT 0 NOT NULL,
            failing_since TIMESTAMP WITH TIME ZONE,
            paused_until TIMESTAMP WITH TIME ZONE,
            tokens DOUBLE PRECISION,
            tokens_at TIMESTAMP WITH TIME ZONE,
            delivered BIGINT DEFAULT 0 NOT NULL,
            failed BIGINT DEFAULT 0 NOT NULL,
            CONSTRAINT endpoint_queues_pkey PRIMARY KEY (endpoint_id),
            CONSTRAINT endpoint_queues_endpoint_id_fkey FOREIGN KEY (endpoint_id)
                REFERENCES webhooks.endpoints (id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX IF NOT EXISTS endpoint_queues_due_at_idx ON webhooks.endpoint_queues (due_at)")
    with op.get_context().autocommit_block():  # commits before the long scan: the new foreign key locks endpoints
        op.execute("""
            INSERT INTO webhooks.endpoint_queues (endpoint_id, due_at, delivered, failed)
            SELECT endpoint.id, min(delivery.next_at) FILTER (WHERE endpoint.active),
                count(*) FILTER (WHERE delivery.status = 'delivered'),
                count(*) FILTER (WHERE delivery.status = 'failed')
            FROM webhooks.endpoints AS endpoint
            LEFT JOIN webhooks.deliveries AS delivery ON delivery.endpoint_id = endpoint.id
            GROUP BY endpoint.id
            ON CONFLICT DO NOTHING
        """)
    for name, definition in INDEXES.items():
        create_index("webhooks", name, definition)


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX webhooks.{name}")
    op.execute("DROP TABLE webhooks.endpoint_queues")
    op.execute("ALTER TABLE webhooks.deliveries DROP COLUMN leased_until")
    op.execute("ALTER TABLE webhooks.endpoints DROP COLUMN ordered, DROP COLUMN rate_per_s")
