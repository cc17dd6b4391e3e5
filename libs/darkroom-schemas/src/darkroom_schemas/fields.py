"""Field types of requests: text, JSON and numbers that PostgreSQL and Redis can store.

Request models use these instead of `str`, `dict[str, Any]` and `int`. Fields add their maximum length:
`Annotated[Text, Field(max_length=200)]`.
"""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictStr

MAX_JSON_DEPTH = 50
MAX_INT64 = 2**63 - 1
LATEST_UNIX_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, the maximum of `datetime`."""
STORABLE_PATTERN = r"^[^\x00]*$"
"""Text without U+0000. Matching any pattern also refuses lone surrogates, which UTF-8 cannot encode."""


def storable_json(value: Any) -> Any:  # Any: whatever JSON the client sent
    """Return the value. Raises ValueError for values that JSON parsers accept and databases refuse.

    These are NaN and infinities, U+0000, lone surrogates, and more than `MAX_JSON_DEPTH` levels.
    """
    if _is_deeper_than(MAX_JSON_DEPTH, value):
        raise ValueError(f"must not be nested deeper than {MAX_JSON_DEPTH} levels")
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except ValueError:
        raise ValueError("must be JSON without NaN, Infinity or lone surrogates") from None
    if "\\u0000" in text:
        raise ValueError("must not contain the character U+0000")
    return value


def _is_deeper_than(limit: int, value: Any) -> bool:
    """Whether a value is nested deeper than `limit`. Iterative, because deep nesting would exhaust the stack."""
    level = [value]
    for _ in range(limit):
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, dict | list) for one in level)


Text = Annotated[StrictStr, Field(pattern=STORABLE_PATTERN)]
"""Storable text of any length."""
Line = Annotated[Text, Field(min_length=1, max_length=200)]
"""A name or a title: 1 to 200 characters."""
JsonValue = Annotated[Any, AfterValidator(storable_json)]
"""Any storable JSON value."""
JsonObject = Annotated[dict[str, Any], BeforeValidator(storable_json)]
"""A storable JSON object. Its size is limited by the maximum size of the body."""
UnixMs = Annotated[int, Field(ge=0, le=LATEST_UNIX_MS)]
"""Unix time in milliseconds, up to the year 9999."""
