"""The tables of schema `platform`, as SQLAlchemy Core sees them. Migrations make them; a test holds both equal."""

from darkroom_chassis.tables import moment, offsets_table, schema_metadata
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "platform"
STATUSES = "('queued', 'delayed', 'running', 'completed', 'failed', 'cancelled')"
ACTIVE = "status IN ('queued', 'delayed', 'running')"
REVOKED = "status IN ('failed', 'cancelled')"

metadata = schema_metadata(SCHEMA)


def _uuid() -> Uuid[str]:
    return Uuid(as_uuid=False)


users = Table(
    "users",
    metadata,
    Column("id", _uuid(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("balance_mc", BigInteger, nullable=False, server_default="0"),
    Column("jobs_total", BigInteger, nullable=False, server_default="0"),
    Column("assets_total", BigInteger, nullable=False, server_default="0"),
    moment("created_at", default=True),
    CheckConstraint("balance_mc >= 0", name="balance"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("user_id", _uuid(), ForeignKey(users.c.id)),
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

jobs = Table(
    "jobs",
    metadata,
    Column("id", _uuid(), primary_key=True),
    Column("user_id", _uuid(), ForeignKey(users.c.id), nullable=False),
    Column("job_type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("run", Integer, nullable=False, server_default="1"),
    Column("priority", SmallInteger, nullable=False),
    Column("parameters", JSONB, nullable=False),
    Column("steps_total", SmallInteger, nullable=False),
    Column("steps_done", SmallInteger, nullable=False, server_default="0"),
    Column("outputs", JSONB, nullable=False, server_default="[]"),
    Column("text", Text),
    Column("error", JSONB),
    Column("price_mc", BigInteger, nullable=False),
    Column("charged_mc", BigInteger, nullable=False, server_default="0"),
    Column("history_seq", Integer, nullable=False),
    Column("last_event_id", Text),
    Column("name", Text),
    Column("description", Text),
    Column("collection_id", _uuid()),
    Column("reported", JSONB),
    Column("trace_id", Text, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    moment("started_at", nullable=True),
    moment("completed_at", nullable=True),
    CheckConstraint(f"status IN {STATUSES}", name="status"),
    CheckConstraint("run >= 1", name="run"),
    CheckConstraint("priority BETWEEN 1 AND 100", name="priority"),
    CheckConstraint("steps_done BETWEEN 0 AND steps_total", name="steps"),
    CheckConstraint("charged_mc BETWEEN 0 AND price_mc", name="charged"),
    CheckConstraint(f"({ACTIVE}) = (completed_at IS NULL)", name="completed"),
    Index(None, "user_id", "id"),
    Index(None, "user_id", "status", "id"),
    Index(None, "user_id", "job_type", "status", "id"),
    Index("jobs_active_idx", "updated_at", postgresql_where=text(ACTIVE)),
)

steps = Table(
    "steps",
    metadata,
    Column("job_id", _uuid(), ForeignKey(jobs.c.id), nullable=False),
    Column("run", Integer, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("job_type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("price_mc", BigInteger, nullable=False),
    Column("outputs", SmallInteger),
    Column("needs", JSONB),
    Column("requirements", JSONB),
    Column("template", JSONB),
    Column("text", Text),
    Column("worker_id", Text),
    Column("timings_s", JSONB, nullable=False, server_default="{}"),
    moment("submitted_at", nullable=True),
    moment("started_at", nullable=True),
    moment("finished_at", nullable=True),
    PrimaryKeyConstraint("job_id", "run", "number"),
    CheckConstraint(f"status IN {STATUSES}", name="status"),
    CheckConstraint("number BETWEEN 0 AND 99", name="number"),
    CheckConstraint("price_mc >= 0", name="price"),
    Index("steps_pending_idx", "submitted_at", postgresql_where=text(f"{ACTIVE} AND submitted_at IS NOT NULL")),
    Index("steps_revoked_idx", "finished_at", postgresql_where=text(f"{REVOKED} AND submitted_at IS NOT NULL")),
)

job_history = Table(
    "job_history",
    metadata,
    Column("job_id", _uuid(), ForeignKey(jobs.c.id), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("run", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("step", SmallInteger),
    Column("progress", Double),
    Column("source_event_id", Text),
    Column("event_id", Text),
    moment("at"),
    Column("details", JSONB(none_as_null=True)),
    PrimaryKeyConstraint("job_id", "seq"),
    UniqueConstraint("job_id", "source_event_id"),
    CheckConstraint(f"status IN {STATUSES}", name="status"),
)

assets = Table(
    "assets",
    metadata,
    Column("id", _uuid(), primary_key=True),
    Column("user_id", _uuid(), ForeignKey(users.c.id), nullable=False),
    Column("job_id", _uuid(), nullable=False),
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

credit_ledger = Table(
    "credit_ledger",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("user_id", _uuid(), ForeignKey(users.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_mc", BigInteger, nullable=False),
    Column("job_id", _uuid(), ForeignKey(jobs.c.id)),
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

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", _uuid(), ForeignKey(users.c.id), nullable=False),
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

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("job_id", _uuid()),
    Column("history_seq", Integer),
    Column("body", JSONB, nullable=False),
    moment("created_at", default=True),
    moment("rejected_at", nullable=True),
    Column("rejected_reason", Text),
    CheckConstraint("kind IN ('submit', 'cancel', 'emit', 'keys')", name="kind"),
    CheckConstraint("(kind = 'keys') = (job_id IS NULL)", name="job"),
)

servers = Table(
    "servers",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("api_url", Text),
    Column("description", Text, nullable=False, server_default=""),
    moment("created_at", default=True),
    moment("updated_at", default=True),
)

offsets = offsets_table(metadata)
