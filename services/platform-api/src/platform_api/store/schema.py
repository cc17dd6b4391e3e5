"""Every table of schema `platform`, for migrations: importing the modules that declare them collects them."""

from platform_api.store import asset_tables, identity_tables, workflow_tables
from platform_api.store.tables import SCHEMA, metadata

__all__ = ["SCHEMA", "asset_tables", "identity_tables", "metadata", "workflow_tables"]
