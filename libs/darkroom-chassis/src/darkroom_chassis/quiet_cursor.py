"""Cursors whose errors do not quote values: those are prompts and hashes, and the text of an error ends in logs."""

from typing import Any, Self

import psycopg
from psycopg.rows import Row

_DATA_EXCEPTIONS = "22"
"""The class of errors whose very first line quotes what it could not read."""


class QuietCursor(psycopg.AsyncCursor[Row]):
    """Raises the driver's errors with their name, code and place; `diag` still has all that the server said."""

    async def execute(self, *args: Any, **kwargs: Any) -> Self:  # Any: passed on as they are
        try:
            return await super().execute(*args, **kwargs)
        except psycopg.Error as error:
            error.args = (_without_values(error),)
            raise

    async def executemany(self, *args: Any, **kwargs: Any) -> None:  # Any: passed on as they are
        try:
            await super().executemany(*args, **kwargs)
        except psycopg.Error as error:
            error.args = (_without_values(error),)
            raise


def _without_values(error: psycopg.Error) -> str:
    """Leave out the server's DETAIL and CONTEXT, which quote rows and parameters."""
    code, told = error.sqlstate, error.diag
    if code is None:
        return str(error)  # the driver's own, about connections and placeholders
    name = type(error).__name__ if code.startswith(_DATA_EXCEPTIONS) else told.message_primary
    place = ".".join(filter(None, (told.schema_name, told.table_name, told.column_name)))
    return f"{name} ({code})" + (f" in {place}" if place else "")
