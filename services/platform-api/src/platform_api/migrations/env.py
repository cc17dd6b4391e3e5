"""Alembic's entry: runs the revisions on the connection that `migrate` hands over, in one transaction each."""

from alembic import context

from platform_api.store.tables import SCHEMA, metadata


def include_name(name: str | None, kind: str, parents: object) -> bool:  # noqa: ARG001 - the signature is alembic's
    """Look at our own schema only: a database may hold those of other services."""
    return kind != "schema" or name == SCHEMA


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
    include_name=include_name,
    transaction_per_migration=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
