"""Endpoints, messages, deliveries, attempts and the position in the event log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

S = "webhooks"
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("disabled_reason", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="endpoints_pkey"),
        schema=S,
    )
    op.create_index("endpoints_tenant_id_idx", "endpoints", ["tenant", "id"], schema=S)
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="messages_pkey"),
        schema=S,
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, server_default="pending"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("last_status", sa.SmallInteger()),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="deliveries_pkey"),
        sa.ForeignKeyConstraint(
            ["message_id"], [f"{S}.messages.id"], ondelete="CASCADE", name="deliveries_message_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], [f"{S}.endpoints.id"], ondelete="CASCADE", name="deliveries_endpoint_id_fkey"
        ),
        sa.UniqueConstraint("message_id", "endpoint_id", name="deliveries_message_id_endpoint_id_key"),
        sa.CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="deliveries_status_check"),
        sa.CheckConstraint("(status = 'pending') = (next_at IS NOT NULL)", name="deliveries_due_check"),
        schema=S,
    )
    pending = sa.text("status = 'pending'")
    op.create_index("deliveries_due_idx", "deliveries", ["next_at"], schema=S, postgresql_where=pending)
    op.create_index("deliveries_endpoint_id_id_idx", "deliveries", ["endpoint_id", "id"], schema=S)
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger()),
        sa.Column("error", sa.Text()),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="attempts_pkey"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], [f"{S}.deliveries.id"], ondelete="CASCADE", name="attempts_delivery_id_fkey"
        ),
        schema=S,
    )
    op.create_table(
        "offsets",
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("reader", name="offsets_pkey"),
        schema=S,
    )


def downgrade() -> None:
    for table in ("offsets", "attempts", "deliveries", "messages", "endpoints"):
        op.drop_table(table, schema=S)
