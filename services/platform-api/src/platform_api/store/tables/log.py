"""The outbox, and positions in the event log."""

from darkroom_chassis.tables import moment, offsets_table
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from platform_api.store.tables.metadata import metadata, uuid_type

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("job_id", uuid_type()),
    Column("history_seq", Integer),
    Column("body", JSONB, nullable=False),
    moment("created_at", default=True),
    moment("rejected_at", nullable=True),
    Column("rejected_reason", Text),
    CheckConstraint("kind IN ('submit', 'cancel', 'emit', 'keys')", name="kind"),
    CheckConstraint("(kind = 'keys') = (job_id IS NULL)", name="job"),
)
offsets = offsets_table(metadata)
