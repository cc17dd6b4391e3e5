"""All tables of schema `platform`, for migrations. Importing the modules adds their tables to the metadata."""

from platform_api.store.tables import (
    accounts,
    assets,
    credits,
    idempotency,
    jobs,
    library,
    log,
    object_removal,
    presets,
    retries,
    servers,
    sessions,
)
from platform_api.store.tables.metadata import SCHEMA, metadata

__all__ = [
    "SCHEMA",
    "accounts",
    "assets",
    "credits",
    "idempotency",
    "jobs",
    "library",
    "log",
    "metadata",
    "object_removal",
    "presets",
    "retries",
    "servers",
    "sessions",
]
