"""Steps of revisions that others may read and write beside, however large the table is.

Each commits what its revision did before it, so a revision that fails half way is run again from its beginning: what
stands before such a step must not mind.
"""

from alembic import op

NO_LIMIT = "0"
"""Making an index waits for old transactions, but nobody waits for it meanwhile."""


def create_index(schema: str, name: str, definition: str) -> None:
    """Create an index; `definition` is what follows ON, without the schema. What a failed attempt left is replaced."""
    with op.get_context().autocommit_block():
        usual = _set_lock_timeout(NO_LIMIT)
        if _is_invalid(schema, name):
            op.execute(f"DROP INDEX CONCURRENTLY {schema}.{name}")
        op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {schema}.{definition}")
        _set_lock_timeout(usual)


def drop_index(schema: str, name: str) -> None:
    """Drop an index without a lock that readers would wait for."""
    with op.get_context().autocommit_block():
        usual = _set_lock_timeout(NO_LIMIT)
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema}.{name}")
        _set_lock_timeout(usual)


def validate_check(table: str, constraint: str) -> None:
    """Look through a table for rows that break a check added as NOT VALID.

    In a transaction of its own: the one that added the check holds a lock that everybody waits for.
    """
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}")


def _set_lock_timeout(value: str) -> str:
    """Set it for the connection and return what it was."""
    connection = op.get_bind()
    before: str = connection.exec_driver_sql("SHOW lock_timeout").scalar_one()
    connection.exec_driver_sql(f"SET lock_timeout = '{value}'")
    return before


def _is_invalid(schema: str, name: str) -> bool:
    look = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%(name)s) AND NOT indisvalid"
    return op.get_bind().exec_driver_sql(look, {"name": f"{schema}.{name}"}).first() is not None
