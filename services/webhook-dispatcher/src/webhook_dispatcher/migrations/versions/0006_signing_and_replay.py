"""Rotation of secrets, additional headers, schedules and dialects of endpoints, public keys, answers, replays.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

S = "webhooks"
OF_ENDPOINTS = {
    "previous_secret": "BYTEA",
    "previous_until": "TIMESTAMP WITH TIME ZONE",
    "sealed_headers": "BYTEA",
    "header_names": "TEXT[] DEFAULT '{}' NOT NULL",
    "schedule_s": "DOUBLE PRECISION[]",
    "dialect": "TEXT DEFAULT 'standard' NOT NULL",
}


def upgrade() -> None:
    for name, kind in OF_ENDPOINTS.items():
        op.execute(f"ALTER TABLE {S}.endpoints ADD COLUMN {name} {kind}")
    op.execute(f"ALTER TABLE {S}.deliveries ADD COLUMN replayed_from INTEGER DEFAULT 0 NOT NULL")
    op.execute(f"ALTER TABLE {S}.attempts ADD COLUMN answer BYTEA")
    op.execute(f"""
        CREATE TABLE {S}.signing_keys (
            id TEXT NOT NULL,
            sealed_private BYTEA NOT NULL,
            public BYTEA NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT signing_keys_pkey PRIMARY KEY (id)
        )
    """)


def downgrade() -> None:
    op.execute(f"DROP TABLE {S}.signing_keys")
    op.execute(f"ALTER TABLE {S}.attempts DROP COLUMN answer")
    op.execute(f"ALTER TABLE {S}.deliveries DROP COLUMN replayed_from")
    for name in OF_ENDPOINTS:
        op.execute(f"ALTER TABLE {S}.endpoints DROP COLUMN {name}")
