"""Cursors with errors that do not quote values: error messages reach the logs, and values are prompts and hashes."""

from typing import Any, Self

import psycopg
from psycopg.rows import Row

_DATA_EXCEPTIONS = "22"
"""SQLSTATE class of errors that quote the invalid value in their primary message."""


class QuietCursor(psycopg.AsyncCursor[Row]):
    """Raises the driver's errors with name, code and location. `diag` still has the server's complete message."""

    async def execute(self, *args: Any, **kwargs: Any) -> Self:  # Any: passed on unchanged
        try:
            return await super().execute(*args, **kwargs)
        except psycopg.Error as error:
            error.args = (_without_values(error),)
            raise

    async def executemany(self, *args: Any, **kwargs: Any) -> None:  # Any: passed on unchanged
        try:
            await super().executemany(*args, **kwargs)
        except psycopg.Error as error:
            error.args = (_without_values(error),)
            raise


def _without_values(error: psycopg.Error) -> str:
    """Omit the server's DETAIL and CONTEXT, which quote rows and parameters."""
    code, diag = error.sqlstate, error.diag
    if code is None:
        return str(error)  # raised by the driver, about connections and placeholders
    name = type(error).__name__ if code.startswith(_DATA_EXCEPTIONS) else diag.message_primary
    place = ".".join(filter(None, (diag.schema_name, diag.table_name, diag.column_name)))
    return f"{name} ({code})" + (f" in {place}" if place else "")
