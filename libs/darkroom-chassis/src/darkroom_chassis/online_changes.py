"""Operations of revisions that do not block reads and writes, however large the table is.

Each commits the transaction of its revision. A revision that fails half way is run again from its beginning, so
everything before such an operation must be idempotent.
"""

from alembic import op

NO_LIMIT = "0"
"""Creating an index concurrently waits for old transactions, but blocks no query meanwhile."""


def create_index(schema: str, name: str, definition: str) -> None:
    """Create an index; `definition` follows ON, without the schema. Replaces an invalid index of a failed attempt."""
    with op.get_context().autocommit_block():
        usual = _set_lock_timeout(NO_LIMIT)
        if _is_invalid(schema, name):
            op.execute(f"DROP INDEX CONCURRENTLY {schema}.{name}")
        op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {schema}.{definition}")
        _set_lock_timeout(usual)


def drop_index(schema: str, name: str) -> None:
    """Drop an index without blocking reads or writes."""
    with op.get_context().autocommit_block():
        usual = _set_lock_timeout(NO_LIMIT)
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema}.{name}")
        _set_lock_timeout(usual)


def validate_check(table: str, constraint: str) -> None:
    """Validate a check constraint that was added as NOT VALID.

    Runs in its own transaction: the one that added the constraint holds an ACCESS EXCLUSIVE lock.
    """
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}")


def _set_lock_timeout(value: str) -> str:
    """Set `lock_timeout` of the connection and return the previous value."""
    connection = op.get_bind()
    before: str = connection.exec_driver_sql("SHOW lock_timeout").scalar_one()
    connection.exec_driver_sql(f"SET lock_timeout = '{value}'")
    return before


def _is_invalid(schema: str, name: str) -> bool:
    look = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%(name)s) AND NOT indisvalid"
    return op.get_bind().exec_driver_sql(look, {"name": f"{schema}.{name}"}).first() is not None
