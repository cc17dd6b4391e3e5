"""The table of objects that are to be deleted."""

from darkroom_chassis.tables import moment
from sqlalchemy import Column, Index, Table, Text

from platform_api.store.tables import metadata

doomed_objects = Table(
    "doomed_objects",
    metadata,
    Column("object_key", Text, primary_key=True),
    moment("due_at", default=True),
    Index(None, "due_at"),
)
