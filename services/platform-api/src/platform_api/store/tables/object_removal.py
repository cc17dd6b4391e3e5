"""Objects to be deleted, and jobs to be scanned for orphaned objects."""

from darkroom_chassis.tables import moment
from sqlalchemy import Column, Index, Table, Text, Uuid

from platform_api.store.tables.metadata import metadata

object_deletions = Table(
    "doomed_objects",
    metadata,
    Column("object_key", Text, primary_key=True),
    moment("due_at", default=True),
    Index(None, "due_at"),
)
orphan_scans = Table(
    "leftover_checks",
    metadata,
    Column("job_id", Uuid(as_uuid=False), primary_key=True),
    moment("due_at"),
    Index(None, "due_at"),
)
