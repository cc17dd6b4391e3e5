"""Alembic revisions of schema `webhooks`."""

from pathlib import Path

from darkroom_chassis.migrations import SchemaMigrations

from webhook_dispatcher.store.tables import SCHEMA

MIGRATIONS = SchemaMigrations(SCHEMA, Path(__file__).parent)
