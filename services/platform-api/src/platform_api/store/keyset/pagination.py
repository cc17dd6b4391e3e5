"""Scans of an index on some columns followed by the id.

The columns are compared and ordered as one row. With `owner = x ORDER BY id`, the planner could instead scan the
primary key and skip the rows of other owners. It does so for an owner of a few percent of the table, and then reads
all rows that other owners created since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, literal, tuple_

from platform_api.store.keyset.uuid7_range import IdRange


@dataclass(frozen=True, slots=True)
class KeysetQuery:
    """The rows with these values in these columns, in index order, restricted by `filters`."""

    id: Column[Any]
    values: Mapping[Column[Any], str]
    ids: IdRange
    filters: tuple[ColumnElement[bool], ...] = ()

    def of(self, statement: Select[Any], *, rows: int, skipped: int = 0, oldest_first: bool = False) -> Select[Any]:
        """Limit a statement to the first `rows` rows of the scan, after `skipped` ones."""
        columns = (*self.values, self.id)
        place, first, end = tuple_(*columns), self._at(self.ids.first), self._at(self.ids.end)
        order = (column.asc() if oldest_first else column.desc() for column in columns)
        return statement.where(place >= first, place < end, *self.filters).order_by(*order).offset(skipped).limit(rows)

    def _at(self, id_: str) -> ColumnElement[Any]:
        return tuple_(*(literal(value, column.type) for column, value in {**self.values, self.id: id_}.items()))
