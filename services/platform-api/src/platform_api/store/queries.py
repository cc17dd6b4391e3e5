"""The statements in `sql/`."""

from darkroom_chassis.statements import read_statement


def query(name: str) -> str:
    """Return the statement in `sql/<name>.sql`."""
    return read_statement("platform_api.store", name)
