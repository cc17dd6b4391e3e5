"""Assets."""

from darkroom_chassis.tables import moment
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from platform_api.store.tables.accounts import users
from platform_api.store.tables.jobs import steps
from platform_api.store.tables.metadata import metadata, uuid_type

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
    ForeignKeyConstraint(["job_id", "run", "step"], [steps.c.job_id, steps.c.run, steps.c.number]),
    UniqueConstraint("job_id", "run", "step", "output_index"),
    CheckConstraint("size_bytes >= 0", name="size"),
    Index(None, "user_id", "id"),
    Index(None, "user_id", "job_type", "id"),
    Index(None, "user_id", "mime_type", "id"),
    Index(None, "step_type", "id"),
)
