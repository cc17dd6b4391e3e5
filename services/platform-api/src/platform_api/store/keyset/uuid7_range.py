"""Ids grow with time, so a range of time can be read from an index on ids."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement

MADE_WITHIN = timedelta(minutes=1)
"""An id is made at most this long before or after the creation that its row tells."""


@dataclass(frozen=True, slots=True)
class IdRange:
    """Ids from `first` on and before `end`; all, if nothing else is said."""

    first: str = "00000000-0000-0000-0000-000000000000"
    end: str = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def ids_made_between(start: datetime | None, end: datetime | None, before: str | None) -> IdRange:
    """Return the ids that may have been made then, and come before another one if it is given."""
    every = IdRange()
    first = first_id(start, -MADE_WITHIN) if start else every.first
    made_before = first_id(end, MADE_WITHIN) if end else every.end
    return IdRange(first, min(made_before, (before or every.end).lower()))


def created_between(
    created_at: Column[Any], start: datetime | None, end: datetime | None
) -> Iterator[ColumnElement[bool]]:  # Any: whatever type the column has
    """Give the conditions for `start` <= creation < `end`, which ids tell roughly."""
    if start is not None:
        yield created_at >= start
    if end is not None:
        yield created_at < end


def first_id(at: datetime, later: timedelta) -> str:
    """Return the least UUID (version 7) that can be made at that time. Seconds, since dates come to an end."""
    ms = max(0, int((at.timestamp() + later.total_seconds()) * 1000)) & ((1 << 48) - 1)
    digits = f"{ms:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"
