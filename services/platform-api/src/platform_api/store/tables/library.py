"""Workflows, models, custom nodes, social links and collections."""

from darkroom_chassis.tables import moment
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from platform_api.store.tables.accounts import users
from platform_api.store.tables.metadata import metadata

workflows = Table(
    "workflows",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("user_id", Uuid(as_uuid=False), ForeignKey(users.c.id)),
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("output_mime_type", Text, nullable=False),
    Column("display", Boolean, nullable=False),
    Column("order", Integer, nullable=False),
    Column("models", ARRAY(Text), nullable=False),
    Column("custom_nodes", ARRAY(Text), nullable=False),
    Column("needs_credential", Boolean, nullable=False),
    moment("created_at"),
    UniqueConstraint("user_id", "name"),
    CheckConstraint("type IN ('basic', 'comfy_workflow', 'fetch_api', 'direct_job', 'dynamic_json')", name="type"),
    # A unique constraint treats nulls as distinct; built-in workflows have no user.
    Index("workflows_built_in_key", "name", unique=True, postgresql_where=text("user_id IS NULL")),
    Index("workflows_user_newest_idx", "user_id", text("id DESC")),
)
models = Table(
    "models",
    metadata,
    Column("user_id", Uuid(as_uuid=False), ForeignKey(users.c.id), nullable=False),
    Column("name", Text, nullable=False),
    moment("created_at", default=True),
    PrimaryKeyConstraint("user_id", "name"),
)
custom_nodes = Table(
    "custom_nodes",
    metadata,
    Column("user_id", Uuid(as_uuid=False), ForeignKey(users.c.id), nullable=False),
    Column("name", Text, nullable=False),
    moment("created_at", default=True),
    PrimaryKeyConstraint("user_id", "name"),
)
social_links = Table(
    "social_links",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("user_id", Uuid(as_uuid=False), ForeignKey(users.c.id), nullable=False),
    Column("social_org", Text, nullable=False),
    Column("social_identifier", Text, nullable=False),
    Column("miniapp_user_id", Text),
    moment("created_at", default=True),
    UniqueConstraint("user_id", "social_org", "social_identifier"),
)
collections = Table(
    "collections",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("user_id", Uuid(as_uuid=False), ForeignKey(users.c.id), nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("blockchain", Text, nullable=False),
    Column("price", Numeric, nullable=False),
    Column("editions", Integer, nullable=False),
    Column("cover_image_url", Text),
    Column("miniapp_cover_image", Text),
    Column("cast_hash", Text),
    Column("project_id", Text, nullable=False),
    Column("social_link_id", Uuid(as_uuid=False), ForeignKey(social_links.c.id)),
    moment("created_at"),
    CheckConstraint("price >= 0 AND editions >= 1", name="sale"),
    Index("collections_user_newest_idx", "user_id", text("id DESC")),
    Index(None, "social_link_id"),
)
