"""JSON from outside that is kept as it came."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

MAX_DEPTH = 50
MAX_ASKED_CHARACTERS = 65_536
"""Every event of a job carries what was asked."""


def check_storable(value: Any) -> Any:  # Any: whatever JSON the client sent
    """Refuse what JSON parsers let through and databases do not keep: NaN, U+0000, halves of characters."""
    if _depth(value) > MAX_DEPTH:
        raise ValueError(f"must not be nested deeper than {MAX_DEPTH} levels")
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except ValueError:
        raise ValueError("must be plain JSON without NaN, Infinity or lone surrogates") from None
    if "\\u0000" in text:
        raise ValueError("must not contain the character U+0000")
    return value


def check_small(value: Any) -> Any:  # Any: likewise
    """Refuse what would swell every event of a job."""
    if len(json.dumps(value, ensure_ascii=False)) > MAX_ASKED_CHARACTERS:
        raise ValueError(f"must have at most {MAX_ASKED_CHARACTERS} characters of JSON")
    return value


def _depth(value: Any) -> int:
    """Count the levels without recursion, which a hostile body would exhaust."""
    depth, level = 0, [value]
    while level := [
        item
        for one in level
        if isinstance(one, dict | list)
        for item in (one.values() if isinstance(one, dict) else one)
    ]:
        depth += 1
    return depth


PlainJson = Annotated[Any, AfterValidator(check_storable)]
PlainObject = Annotated[dict[str, Any], BeforeValidator(check_storable)]
SmallObject = Annotated[dict[str, Any], AfterValidator(check_small), BeforeValidator(check_storable)]
