"""Queries kept as files beside this one, because they are longer than the code around them."""

from functools import cache
from importlib.resources import files

from sqlalchemy import TextClause, text


@cache
def query(name: str) -> TextClause:
    """Return the statement in `sql/<name>.sql`."""
    return text((files("platform_api.store") / "sql" / f"{name}.sql").read_text())
