"""Idempotency keys of operators, for admin keys, which belong to no user.

Revision ID: 0011
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE platform.operator_idempotency_keys (
            key_id TEXT NOT NULL,
            key TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            answer TEXT NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT operator_idempotency_keys_pkey PRIMARY KEY (key_id, key),
            CONSTRAINT operator_idempotency_keys_key_id_fkey FOREIGN KEY(key_id) REFERENCES platform.api_keys (id)
        )
    """)
    op.execute(
        "CREATE INDEX operator_idempotency_keys_created_at_idx ON platform.operator_idempotency_keys (created_at)"
    )


def downgrade() -> None:
    op.execute("DROP TABLE platform.operator_idempotency_keys")
