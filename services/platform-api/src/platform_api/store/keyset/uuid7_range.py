"""Ranges of UUIDv7 ids for ranges of time: ids grow with time, so that an index on ids can be used."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement

MADE_WITHIN = timedelta(minutes=1)
"""Maximum difference between an id's time and the creation time of its row, in both directions."""


@dataclass(frozen=True, slots=True)
class IdRange:
    """Ids from `first` (inclusive) to `end` (exclusive); by default all."""

    first: str = "00000000-0000-0000-0000-000000000000"
    end: str = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def ids_made_between(start: datetime | None, end: datetime | None, before: str | None) -> IdRange:
    """Return the range of ids of rows created between `start` and `end`, and less than `before` if given."""
    every = IdRange()
    first = first_id(start, -MADE_WITHIN) if start else every.first
    made_before = first_id(end, MADE_WITHIN) if end else every.end
    return IdRange(first, min(made_before, (before or every.end).lower()))


def created_between(
    created_at: Column[Any], start: datetime | None, end: datetime | None
) -> Iterator[ColumnElement[bool]]:  # Any: whatever type the column has
    """Yield the exact conditions `start` <= creation < `end`; the id range is approximate."""
    if start is not None:
        yield created_at >= start
    if end is not None:
        yield created_at < end


def first_id(at: datetime, later: timedelta) -> str:
    """Return the least UUIDv7 of that time. Computed in seconds, because `datetime` could overflow."""
    ms = max(0, int((at.timestamp() + later.total_seconds()) * 1000)) & ((1 << 48) - 1)
    digits = f"{ms:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"
