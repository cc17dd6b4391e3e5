"""Which rows of each table belong to a user: derived from the tables, so that a new table is never forgotten."""

from collections.abc import Sequence

from darkroom_schemas.ids import UserId
from sqlalchemy import ColumnElement, Table, or_, select

from platform_api.store.tables.accounts import users
from platform_api.store.tables.metadata import metadata


def owned_tables() -> Sequence[Table]:
    """Return the tables with rows of users, referenced tables first."""
    return [table for table in metadata.sorted_tables if owned_by(table, UserId("")) is not None]


def owned_by(table: Table, user_id: UserId) -> ColumnElement[bool] | None:
    """Return the condition for the user's rows of a table; None for a table without rows of users.

    They name the user in `user_id`, or refer to a row that belongs to the user.
    """
    if table is users:
        return users.c.id == user_id
    if "user_id" in table.c:
        condition: ColumnElement[bool] = table.c.user_id == user_id
        return condition
    references = []
    for key in table.foreign_keys:
        parent = key.column.table
        if len(key.constraint.columns if key.constraint else ()) == 1 and parent is not table:
            of_parent = owned_by(parent, user_id)
            if of_parent is not None:
                references.append(key.parent.in_(select(key.column).where(of_parent)))
    return or_(*references) if references else None
