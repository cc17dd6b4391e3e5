"""Queries kept as files beside this one, because they are longer than the code around them."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """Return the statement in `sql/<name>.sql`."""
    return (files("platform_api.store") / "sql" / f"{name}.sql").read_text()
