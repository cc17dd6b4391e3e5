"""Assets and their tags."""

from darkroom_chassis.tables import moment
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from platform_api.store.tables.accounts import users
from platform_api.store.tables.jobs import steps
from platform_api.store.tables.metadata import metadata, uuid_type

_PROMPTS = "(coalesce(recipe ->> 'prompt', '') || ' ') || coalesce(recipe ->> 'original_prompt', '')"
_MODEL = "coalesce(recipe #>> '{model,name}', recipe ->> 'model', '')"
WORDS = (
    f"to_tsvector('simple'::regconfig, left({_PROMPTS}, 20000))"
    f" || array_to_tsvector(ARRAY['u:' || user_id::text, 'm:' || left({_MODEL}, 200)])"
)
"""The search document of an asset: the words of its prompts, its owner (`u:`) and its model (`m:`).

The owner is part of it, so that a search reads no assets of other users. Parentheses are placed as PostgreSQL shows
them, by which Alembic compares indexes.
"""
assets = Table(
    "assets",
    metadata,
    Column("id", uuid_type(), primary_key=True),
    Column("user_id", uuid_type(), ForeignKey(users.c.id), nullable=False),
    Column("job_id", uuid_type()),
    Column("run", Integer, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("output_index", SmallInteger, nullable=False),
    Column("job_type", Text, nullable=False),
    Column("step_type", Text),
    Column("object_key", Text, nullable=False),
    Column("thumbnail_key", Text),
    Column("mime_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("frames", Integer),
    Column("duration_s", Double),
    Column("recipe", JSONB),
    moment("created_at"),
    Column("favourite", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(["job_id", "run", "step"], [steps.c.job_id, steps.c.run, steps.c.number]),
    UniqueConstraint("job_id", "run", "step", "output_index"),
    CheckConstraint("size_bytes >= 0", name="size"),
    Index(None, "user_id", "id"),
    Index(None, "user_id", "job_type", "id"),
    Index(None, "user_id", "mime_type", "id"),
    Index(None, "step_type", "id"),
    Index("assets_favourite_idx", "user_id", "id", postgresql_where=text("favourite")),
    Index("assets_words_idx", text(f"({WORDS})"), postgresql_using="gin"),
)
asset_tags = Table(
    "asset_tags",
    metadata,
    Column("user_id", uuid_type(), nullable=False),
    Column("tag", Text, nullable=False),
    Column("asset_id", uuid_type(), ForeignKey(assets.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("user_id", "tag", "asset_id"),
    Index(None, "asset_id"),
)
