"""Alembic's entry point."""

from alembic import context
from darkroom_chassis.migrations import run_environment

from platform_api.store.tables.schema import SCHEMA, metadata

run_environment(context, SCHEMA, metadata)
