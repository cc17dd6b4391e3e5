"""Metadata, statuses and column types shared by all tables."""

from darkroom_chassis.tables import schema_metadata
from sqlalchemy import (
    Uuid,
)

SCHEMA = "platform"
STATUSES = "('queued', 'delayed', 'running', 'completed', 'failed', 'cancelled')"
ACTIVE = "status IN ('queued', 'delayed', 'running')"
REVOKED = "status IN ('failed', 'cancelled')"
metadata = schema_metadata(SCHEMA)


def uuid_type() -> Uuid[str]:
    """Return the type of UUID columns, which are strings in Python."""
    return Uuid(as_uuid=False)
