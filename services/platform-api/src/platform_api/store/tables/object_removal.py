"""The tables of objects that are to be deleted, and of jobs that may have left some."""

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
