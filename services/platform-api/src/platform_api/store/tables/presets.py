"""Presets."""

from darkroom_chassis.tables import moment
from sqlalchemy import Column, ForeignKey, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from platform_api.store.tables.accounts import users
from platform_api.store.tables.metadata import metadata, uuid_type

presets = Table(
    "presets",
    metadata,
    Column("id", uuid_type(), primary_key=True),
    Column("user_id", uuid_type(), ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("request", JSONB, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("user_id", "name"),
)
