"""Answers to requests with an Idempotency-Key.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE webhooks.idempotency_keys (
            tenant TEXT NOT NULL,
            key TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            answer BYTEA NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant, key)
        )
    """)
    op.execute("CREATE INDEX idempotency_keys_created_at_idx ON webhooks.idempotency_keys (created_at)")


def downgrade() -> None:
    op.execute("DROP TABLE webhooks.idempotency_keys")
