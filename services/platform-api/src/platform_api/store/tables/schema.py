"""Every table of schema `platform`, for migrations: importing the modules that declare tables collects them."""

from platform_api.store.tables import (
    accounts,
    assets,
    credits,
    idempotency,
    jobs,
    library,
    log,
    object_removal,
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
    "retries",
    "servers",
    "sessions",
]
