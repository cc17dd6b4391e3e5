"""Numbers in requests, which some clients send in quotes, and seeds."""

from typing import Annotated, Any

from darkroom_schemas.payload import MAX_SEED
from pydantic import BeforeValidator, WithJsonSchema

from platform_api.domain.planning.seeds import read_seed


def _no_truth_value(value: Any) -> Any:  # Any: whatever the client sent
    if isinstance(value, bool):
        raise ValueError(f"must be a number, not {str(value).lower()}")
    return value


NotBoolean = BeforeValidator(_no_truth_value)
"""Refuses `true` and `false`, which Python takes for 1 and 0."""
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
"""A seed; None for one that is to be made at random: absent, `null`, `""` or -1."""
