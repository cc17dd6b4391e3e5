"""Queries in files of their own, for statements that are too long for the Python code."""

import re
from functools import cache
from importlib.resources import files

_COMMENT = re.compile(r"--[^\n]*")


@cache
def query(name: str) -> str:
    """Return the statement in `sql/<name>.sql` on one line and without comments, which must not be in its literals.

    psycopg parses statements of more than 4,096 characters again for each execution.
    """
    text = (files("platform_api.store") / "sql" / f"{name}.sql").read_text()
    return " ".join(_COMMENT.sub("", text).split())
