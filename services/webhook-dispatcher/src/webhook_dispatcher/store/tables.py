"""The tables of schema `webhooks`, as SQLAlchemy Core sees them. Migrations make them; a test holds both equal."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

SCHEMA = "webhooks"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    },
)


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=None if nullable else func.now())


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
    _moment("created_at"),
    Index(None, "tenant", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _moment("created_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("message_id", Text, ForeignKey(messages.c.id, ondelete="CASCADE"), nullable=False),
    Column("endpoint_id", Uuid(as_uuid=False), ForeignKey(endpoints.c.id, ondelete="CASCADE"), nullable=False),
    Column("status", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _moment("next_at", nullable=True),
    Column("last_status", SmallInteger),
    Column("last_error", Text),
    _moment("created_at"),
    UniqueConstraint("message_id", "endpoint_id"),
    CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status"),
    CheckConstraint("(status = 'pending') = (next_at IS NOT NULL)", name="due"),
    Index("deliveries_due_idx", "next_at", postgresql_where=text("status = 'pending'")),
    Index(None, "endpoint_id", "id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", BigInteger, ForeignKey(deliveries.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("status", SmallInteger),
    Column("error", Text),
    Column("duration_s", Double, nullable=False),
    _moment("at"),
)

offsets = Table(
    "offsets",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("position", Text, nullable=False),
    _moment("updated_at"),
)
