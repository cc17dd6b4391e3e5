"""The two bases of every wire model: strict in what we send, tolerant in what we read."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

MAX_MEMBERS = 200
"""Members of one JSON object in a request, known and unknown ones."""


class Wire(BaseModel):
    """Immutable message between our own services; unknown fields from a newer release are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Request(BaseModel):
    """Immutable input from outside; an unknown field is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _check_size(cls, value: Any) -> Any:  # Any: whatever JSON the client sent
        """Refuse a large object at once: each of its unknown members would be an error of its own."""
        if isinstance(value, dict) and len(value) > MAX_MEMBERS:
            raise ValueError(f"must have at most {MAX_MEMBERS} members, not {len(value):,}")
        return value
