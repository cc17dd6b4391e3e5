"""Filters of endpoints, names of events, webhooks of single jobs, deliveries missed by disabled endpoints.

Revision ID: 0005
"""

from alembic import op
from darkroom_chassis.online_changes import create_index, validate_check

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

S = "webhooks"
STATUS = "deliveries_status_check"
FIRST_STATUS = "deliveries_deliveries_status_check_check"
"""The name under which revision 0001 created the constraint: Alembic applied the naming convention to a full name."""


def upgrade() -> None:
    for column in (
        "filters JSONB DEFAULT '{}' NOT NULL", "origin TEXT", "notice_due BOOLEAN DEFAULT false NOT NULL",
        "ed25519 BOOLEAN DEFAULT false NOT NULL",
    ):  # fmt: skip
        op.execute(f"ALTER TABLE {S}.endpoints ADD COLUMN IF NOT EXISTS {column}")
    for column in ("event_type TEXT", "url TEXT"):
        op.execute(f"ALTER TABLE {S}.deliveries ADD COLUMN IF NOT EXISTS {column}")
    op.execute(f"""
        CREATE TABLE IF NOT EXISTS {S}.job_webhooks (
            job_id TEXT NOT NULL,
            endpoint_id UUID NOT NULL,
            url TEXT NOT NULL,
            events TEXT[] NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT job_webhooks_pkey PRIMARY KEY (job_id),
            CONSTRAINT job_webhooks_endpoint_id_fkey FOREIGN KEY (endpoint_id)
                REFERENCES {S}.endpoints (id) ON DELETE CASCADE
        )
    """)
    for column in ("created_at", "endpoint_id"):
        op.execute(f"CREATE INDEX IF NOT EXISTS job_webhooks_{column}_idx ON {S}.job_webhooks ({column})")
    op.execute(f"CREATE INDEX IF NOT EXISTS endpoints_notice_idx ON {S}.endpoints (id) WHERE notice_due")
    op.execute(f"""
        CREATE TABLE IF NOT EXISTS {S}.fleet (
            name TEXT NOT NULL,
            connected BOOLEAN NOT NULL,
            at_ms BIGINT NOT NULL,
            seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT fleet_pkey PRIMARY KEY (name)
        )
    """)
    op.execute(f"CREATE INDEX IF NOT EXISTS fleet_seen_at_idx ON {S}.fleet (seen_at)")
    op.execute(
        f"CREATE UNIQUE INDEX IF NOT EXISTS endpoints_origin_idx ON {S}.endpoints (tenant, origin) "
        "WHERE origin IS NOT NULL"
    )
    for name in (FIRST_STATUS, STATUS):
        op.execute(f"ALTER TABLE {S}.deliveries DROP CONSTRAINT IF EXISTS {name}")
    op.execute(
        f"ALTER TABLE {S}.deliveries ADD CONSTRAINT {STATUS} "
        "CHECK (status IN ('pending', 'delivered', 'failed', 'missed')) NOT VALID"
    )
    validate_check(f"{S}.deliveries", STATUS)
    create_index(S, "deliveries_missed_idx", "deliveries (endpoint_id, id) WHERE status = 'missed'")


def downgrade() -> None:
    op.execute("DELETE FROM webhooks.deliveries WHERE status = 'missed'")
    op.execute(f"DROP INDEX {S}.deliveries_missed_idx")
    op.execute(f"ALTER TABLE {S}.deliveries DROP CONSTRAINT {STATUS}")
    op.execute(
        f"ALTER TABLE {S}.deliveries ADD CONSTRAINT {FIRST_STATUS} CHECK (status IN ('pending', 'delivered', 'failed'))"
    )
    op.execute(f"DROP TABLE {S}.job_webhooks")
    op.execute(f"DROP TABLE {S}.fleet")
    op.execute(f"ALTER TABLE {S}.deliveries DROP COLUMN event_type, DROP COLUMN url")
    op.execute("DELETE FROM webhooks.endpoints WHERE origin IS NOT NULL")
    for column in ("filters", "origin", "notice_due", "ed25519"):
        op.execute(f"ALTER TABLE {S}.endpoints DROP COLUMN {column}")
