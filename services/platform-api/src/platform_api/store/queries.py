"""Queries in files of their own, for statements that are too long for the Python code."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """Return the statement in `sql/<name>.sql`."""
    return (files("platform_api.store") / "sql" / f"{name}.sql").read_text()
