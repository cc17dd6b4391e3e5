"""Ids grow with time, so a range of time can be read from an index on ids."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement

MADE_WITHIN = timedelta(minutes=1)
"""An id is made at most this long before or after the creation that its row tells."""


def created_between(
    id_column: Column[Any], created_at: Column[Any], start: datetime | None, end: datetime | None
) -> Iterator[ColumnElement[bool]]:  # Any: whatever types the two columns have
    """Give the conditions for `start` <= creation < `end`."""
    if start is not None:
        yield created_at >= start
        yield id_column >= _first_id(start, -MADE_WITHIN)
    if end is not None:
        yield created_at < end
        yield id_column < _first_id(end, MADE_WITHIN)


def _first_id(at: datetime, later: timedelta) -> str:
    """Return the least UUID (version 7) that can be made at that time. Seconds, since dates come to an end."""
    ms = max(0, int((at.timestamp() + later.total_seconds()) * 1000)) & ((1 << 48) - 1)
    digits = f"{ms:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"
