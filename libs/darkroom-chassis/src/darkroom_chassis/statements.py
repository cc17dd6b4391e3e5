"""SQL statements in files of their own, for those that are too long for the Python code."""

import re
from functools import cache
from importlib.resources import files

_COMMENT = re.compile(r"--[^\n]*")


@cache
def read_statement(package: str, name: str) -> str:
    """Return the statement in `sql/<name>.sql` of a package, on one line and without comments.

    psycopg parses statements of more than 4,096 characters again for each execution. `--` must not be in a literal.
    """
    text = (files(package) / "sql" / f"{name}.sql").read_text()
    return " ".join(_COMMENT.sub("", text).split())
