"""The statements in `sql/`."""

from functools import cache

from darkroom_chassis.statements import read_statement


@cache
def query(name: str) -> bytes:
    """Return the statement in `sql/<name>.sql`, as bytes, which psycopg takes for text that no user has written."""
    return read_statement("webhook_dispatcher.store", name).encode()
