"""Parses Range headers (RFC 9110 §14)."""

import re

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z", re.ASCII)


class NotSatisfiable(Exception):
    """The range is outside of the content."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return start and end (exclusive), or None for the whole: no header, several ranges, or invalid syntax."""
    match = _ONE.match(header.replace(" ", "")) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise NotSatisfiable
        return size - length, size
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise NotSatisfiable
    return start, end
