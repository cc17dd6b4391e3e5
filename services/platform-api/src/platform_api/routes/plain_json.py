"""JSON from outside that is kept as it came."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator


def check_storable(value: Any) -> Any:  # Any: whatever JSON the client sent
    """Refuse what JSON parsers let through and databases do not keep: NaN, U+0000, halves of characters."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError):
        raise ValueError("must be plain JSON without NaN, Infinity, lone surrogates or very deep nesting") from None
    if "\\u0000" in text:
        raise ValueError("must not contain the character U+0000")
    return value


PlainJson = Annotated[Any, AfterValidator(check_storable)]
PlainObject = Annotated[dict[str, Any], BeforeValidator(check_storable)]
