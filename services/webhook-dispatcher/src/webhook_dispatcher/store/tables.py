"""The tables of schema `webhooks` in SQLAlchemy Core. Migrations create them; a test compares both."""

from darkroom_chassis.tables import moment, offsets_table, schema_metadata
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "webhooks"

metadata = schema_metadata(SCHEMA)


endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("disabled_reason", Text),
    moment("created_at", default=True),
    Column("ordered", Boolean, nullable=False, server_default=text("false")),
    Column("rate_per_s", Double),
    Column("filters", JSONB, nullable=False, server_default=text("'{}'")),
    Column("origin", Text),
    Column("notice_due", Boolean, nullable=False, server_default=text("false")),
    Column("ed25519", Boolean, nullable=False, server_default=text("false")),
    Column("previous_secret", LargeBinary),
    moment("previous_until", nullable=True),
    Column("sealed_headers", LargeBinary),
    Column("header_names", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("schedule_s", ARRAY(Double)),
    Column("dialect", Text, nullable=False, server_default="standard"),
    Index(None, "tenant", "id"),
    Index("endpoints_notice_idx", "id", postgresql_where=text("notice_due")),
    Index("endpoints_origin_idx", "tenant", "origin", unique=True, postgresql_where=text("origin IS NOT NULL")),
)
"""`origin` is set for the endpoint of the webhooks of single jobs to one origin; it is not registered by anyone."""

job_webhooks = Table(
    "job_webhooks",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("endpoint_id", Uuid(as_uuid=False), ForeignKey(endpoints.c.id, ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False),
    moment("created_at", default=True),
    Index(None, "created_at"),
    Index(None, "endpoint_id"),
)

endpoint_queues = Table(
    "endpoint_queues",
    metadata,
    Column("endpoint_id", Uuid(as_uuid=False), ForeignKey(endpoints.c.id, ondelete="CASCADE"), primary_key=True),
    moment("due_at", nullable=True),
    Column("parallel", Double, nullable=False, server_default=text("8")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    moment("failing_since", nullable=True),
    moment("paused_until", nullable=True),
    Column("tokens", Double),
    moment("tokens_at", nullable=True),
    Column("delivered", BigInteger, nullable=False, server_default=text("0")),
    Column("failed", BigInteger, nullable=False, server_default=text("0")),
    Index(None, "due_at"),
)
"""The state of endpoints that all replicas share. `due_at` is when the next delivery may be attempted; null: none is
pending."""

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    moment("created_at", default=True),
    Column("traceparent", Text),
    Index(None, "created_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("message_id", Text, ForeignKey(messages.c.id, ondelete="CASCADE"), nullable=False),
    Column("endpoint_id", Uuid(as_uuid=False), ForeignKey(endpoints.c.id, ondelete="CASCADE"), nullable=False),
    Column("status", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    moment("next_at", nullable=True),
    moment("leased_until", nullable=True),
    Column("last_status", SmallInteger),
    Column("last_error", Text),
    moment("created_at", default=True),
    Column("event_type", Text),
    Column("url", Text),
    Column("replayed_from", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("message_id", "endpoint_id"),
    CheckConstraint("status IN ('pending', 'delivered', 'failed', 'missed')", name="status"),
    CheckConstraint("(status = 'pending') = (next_at IS NOT NULL)", name="due"),
    Index("deliveries_due_idx", "next_at", postgresql_where=text("status = 'pending'")),
    Index("deliveries_pending_idx", "endpoint_id", "next_at", postgresql_where=text("status = 'pending'")),
    Index("deliveries_ordered_idx", "endpoint_id", "id", postgresql_where=text("status = 'pending'")),
    Index("deliveries_missed_idx", "endpoint_id", "id", postgresql_where=text("status = 'missed'")),
    Index("deliveries_failed_idx", "endpoint_id", "id", postgresql_where=text("status = 'failed'")),
    Index("deliveries_by_type_idx", "endpoint_id", "event_type", "id"),
    Index("deliveries_leased_idx", "endpoint_id", postgresql_where=text("leased_until IS NOT NULL")),
    Index(None, "endpoint_id", "id"),
)

"""`event_type` and `url`, if set, replace those of the message and the endpoint. `missed`: the endpoint was disabled.
`replayed_from` is the number of attempts before the last replay, from which the schedule begins again."""

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", BigInteger, ForeignKey(deliveries.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("status", SmallInteger),
    Column("error", Text),
    Column("duration_s", Double, nullable=False),
    moment("at", default=True),
    Column("answer", LargeBinary),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sealed_private", LargeBinary, nullable=False),
    Column("public", LargeBinary, nullable=False),
    moment("created_at", default=True),
)
"""Keys of `v1a` signatures. A new one is published some minutes before it signs."""

fleet = Table(
    "fleet",
    metadata,
    Column("name", Text, primary_key=True),
    Column("connected", Boolean, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    moment("seen_at", default=True),
    Index(None, "seen_at"),
)
"""Workers and machines by their last known state, so that replicas report each change once."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    moment("created_at", default=True),
    Index(None, "created_at"),
)
"""Answers are encrypted, because the response that creates an endpoint contains its secret."""

offsets = offsets_table(metadata)
