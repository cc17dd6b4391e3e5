"""Queries in files of their own, for statements that are too long for the Python code."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> bytes:
    """Return the statement in `sql/<name>.sql`, as bytes, which psycopg takes for text that no user has written."""
    return (files("webhook_dispatcher.store") / "sql" / f"{name}.sql").read_bytes()
