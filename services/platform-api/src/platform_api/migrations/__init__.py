"""Alembic revisions of schema `platform`."""

from pathlib import Path

from darkroom_chassis.migrations import SchemaMigrations

from platform_api.store.tables.metadata import SCHEMA

MIGRATIONS = SchemaMigrations(SCHEMA, Path(__file__).parent)
