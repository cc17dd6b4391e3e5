"""Numbers in requests, which some clients send as strings, and seeds."""

from typing import Annotated, Any

from darkroom_schemas.payload import MAX_SEED
from pydantic import BeforeValidator, WithJsonSchema

from platform_api.domain.planning.seeds import read_seed


def _reject_boolean(value: Any) -> Any:  # Any: whatever the client sent
    if isinstance(value, bool):
        raise ValueError(f"must be a number, not {str(value).lower()}")
    return value


NotBoolean = BeforeValidator(_reject_boolean)
"""Rejects `true` and `false`, which Python treats as 1 and 0."""
SeedOrRandom = Annotated[
    int | None,
    BeforeValidator(read_seed),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": -1, "maximum": MAX_SEED},
                {"type": "string", "pattern": r"^(-1|\d{0,20})$"},
                {"type": "null"},
            ]
        }
    ),
]
"""A seed; None requests a random one: absent, `null`, `""` or -1."""
