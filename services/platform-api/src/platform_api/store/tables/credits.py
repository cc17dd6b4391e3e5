"""The credit ledger."""

from darkroom_chassis.tables import moment
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from platform_api.store.tables.accounts import users
from platform_api.store.tables.jobs import jobs
from platform_api.store.tables.metadata import metadata, uuid_type

credit_ledger = Table(
    "credit_ledger",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("user_id", uuid_type(), ForeignKey(users.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_mc", BigInteger, nullable=False),
    Column("job_id", uuid_type(), ForeignKey(jobs.c.id)),
    Column("run", Integer),
    Column("item", Text),
    Column("note", Text),
    Column("actor", Text),
    moment("created_at", default=True),
    CheckConstraint("kind IN ('grant', 'deduction', 'reserve', 'capture', 'release')", name="kind"),
    CheckConstraint("amount_mc > 0", name="amount"),
    CheckConstraint(
        "(kind IN ('grant', 'deduction')) = (job_id IS NULL) AND (job_id IS NULL) = (run IS NULL)", name="job"
    ),
    CheckConstraint("(kind = 'capture') = (item IS NOT NULL)", name="item"),
    Index("credit_ledger_reserve_key", "job_id", "run", unique=True, postgresql_where=text("kind = 'reserve'")),
    Index("credit_ledger_release_key", "job_id", "run", unique=True, postgresql_where=text("kind = 'release'")),
    Index("credit_ledger_capture_key", "job_id", "item", unique=True, postgresql_where=text("kind = 'capture'")),
    Index(None, "user_id", "id"),
)
