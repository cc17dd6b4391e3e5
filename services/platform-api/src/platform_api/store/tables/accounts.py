"""Users and their API keys."""

from darkroom_chassis.tables import moment
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from platform_api.store.tables.metadata import metadata, uuid_type

users = Table(
    "users",
    metadata,
    Column("id", uuid_type(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("balance_mc", BigInteger, nullable=False, server_default="0"),
    Column("jobs_total", BigInteger, nullable=False, server_default="0"),
    Column("assets_total", BigInteger, nullable=False, server_default="0"),
    Column("is_operator", Boolean, nullable=False, server_default=false()),
    moment("created_at", default=True),
    moment("blocked_at", nullable=True),
    CheckConstraint("balance_mc >= 0", name="balance"),
    Index("users_blocked_idx", "id", postgresql_where=text("blocked_at IS NOT NULL")),
)
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("user_id", uuid_type(), ForeignKey(users.c.id)),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("tier", Text, nullable=False, server_default="standard"),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{*}"),
    Column("is_active", Boolean, nullable=False, server_default=true()),
    moment("created_at", default=True),
    moment("updated_at", default=True),
    moment("last_used_at", nullable=True),
    moment("revoked_at", nullable=True),
    CheckConstraint("tier IN ('standard', 'premium')", name="tier"),
    CheckConstraint("kind IN ('user', 'service', 'admin')", name="kind"),
    CheckConstraint("(kind = 'user') = (user_id IS NOT NULL)", name="owner"),
    Index(None, "user_id"),
)
