"""Compare the tables that code expects with those that migrations made."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from darkroom_chassis.database import driver_url
from sqlalchemy import MetaData, create_engine


def differences(database_url: str, metadata: MetaData) -> list[object]:
    """List what would have to change in the database; other schemas than the metadata's are not looked at."""
    engine = create_engine(driver_url(database_url))
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == metadata.schema,
        "version_table_schema": metadata.schema,
        "compare_server_default": True,
    }
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    engine.dispose()
    return list(found)
