"""Idempotency keys with their stored responses."""

from darkroom_chassis.tables import moment
from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from platform_api.store.tables.accounts import api_keys, users
from platform_api.store.tables.metadata import metadata, uuid_type

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", uuid_type(), ForeignKey(users.c.id), nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("answer", Text, nullable=False),
    moment("created_at", default=True),
    PrimaryKeyConstraint("user_id", "key"),
    Index(None, "created_at"),
)
operator_idempotency_keys = Table(
    "operator_idempotency_keys",
    metadata,
    Column("key_id", Text, ForeignKey(api_keys.c.id), nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("answer", Text, nullable=False),
    moment("created_at", default=True),
    PrimaryKeyConstraint("key_id", "key"),
    Index(None, "created_at"),
)
