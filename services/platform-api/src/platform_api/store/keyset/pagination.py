"""Walks through an index that begins with some columns and ends with the id.

The columns are compared as one row and ordered by all of them. Written as `owner = x ORDER BY id`, the same rows could
also be had from the primary key, by leaving out everybody else's; the planner does so for whoever has a few percent of
a table, and then looks through all that others have made since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, literal, tuple_

from platform_api.store.keyset.uuid7_range import IdRange


@dataclass(frozen=True, slots=True)
class KeysetQuery:
    """The rows with these values in these columns, in the order of the index; `filters` leave some out."""

    id: Column[Any]
    values: Mapping[Column[Any], str]
    ids: IdRange
    filters: tuple[ColumnElement[bool], ...] = ()

    def of(self, statement: Select[Any], *, rows: int, skipped: int = 0, oldest_first: bool = False) -> Select[Any]:
        """Limit a statement to the first rows of this walk."""
        columns = (*self.values, self.id)
        place, first, end = tuple_(*columns), self._at(self.ids.first), self._at(self.ids.end)
        order = (column.asc() if oldest_first else column.desc() for column in columns)
        return statement.where(place >= first, place < end, *self.filters).order_by(*order).offset(skipped).limit(rows)

    def _at(self, id_: str) -> ColumnElement[Any]:
        return tuple_(*(literal(value, column.type) for column, value in {**self.values, self.id: id_}.items()))
