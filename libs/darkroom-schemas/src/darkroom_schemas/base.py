"""The two bases of every wire model: strict in what we send, tolerant in what we read."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

MAX_MEMBERS = 200
"""Members of one JSON object in a request, known and unknown ones."""
MAX_ITEMS = 5_000
"""Items of one list or map in a request, whatever fewer its field allows."""


class Wire(BaseModel):
    """Immutable message between our own services; unknown fields from a newer release are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Request(BaseModel):
    """Immutable input from outside; an unknown field is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _check_size(cls, value: Any) -> Any:  # Any: whatever JSON the client sent
        """Refuse large objects, lists and maps at once: each of their wrong items would be an error of its own."""
        if not isinstance(value, dict):
            return value
        if len(value) > MAX_MEMBERS:
            raise ValueError(f"must have at most {MAX_MEMBERS} members, not {len(value):,}")
        for name, items in value.items():
            if isinstance(items, list | dict) and len(items) > MAX_ITEMS:
                raise ValueError(f"`{name}` must have at most {MAX_ITEMS:,} items, not {len(items):,}")
        return value
