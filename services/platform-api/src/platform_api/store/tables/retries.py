"""Backups of jobs that were retried."""

from darkroom_chassis.tables import moment
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from platform_api.store.tables.jobs import jobs
from platform_api.store.tables.metadata import metadata

job_retry_backup = Table(
    "job_retry_backup",
    metadata,
    Column("job_id", Uuid(as_uuid=False), ForeignKey(jobs.c.id), nullable=False),
    Column("run", Integer, nullable=False),
    Column("data", JSONB, nullable=False),
    moment("created_at", default=True),
    PrimaryKeyConstraint("job_id", "run"),
)
