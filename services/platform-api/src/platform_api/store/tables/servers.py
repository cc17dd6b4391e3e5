"""Servers for StableQueue clients."""

from darkroom_chassis.tables import moment
from sqlalchemy import (
    Column,
    Table,
    Text,
)

from platform_api.store.tables.metadata import metadata

servers = Table(
    "servers",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("api_url", Text),
    Column("description", Text, nullable=False, server_default=""),
    moment("created_at", default=True),
    moment("updated_at", default=True),
)
