"""Passwords, sessions and counted login attempts."""

from darkroom_chassis.tables import moment
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, Uuid

from platform_api.store.tables.accounts import api_keys, users
from platform_api.store.tables.metadata import metadata

passwords = Table(
    "passwords",
    metadata,
    Column("user_id", Uuid(as_uuid=False), ForeignKey(users.c.id), primary_key=True),
    Column("password_hash", Text, nullable=False),
    moment("updated_at", default=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid(as_uuid=False), ForeignKey(users.c.id), nullable=False),
    Column("key_id", Text, ForeignKey(api_keys.c.id)),
    moment("created_at", default=True),
    moment("expires_at"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("subject", LargeBinary, primary_key=True),
    Column("attempts", Integer, nullable=False),
    moment("since"),
    CheckConstraint("attempts >= 1", name="attempts"),
    Index(None, "since"),
)
