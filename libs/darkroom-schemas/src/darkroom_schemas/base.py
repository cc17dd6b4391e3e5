"""Base classes of all wire models: tolerant between services, strict for requests."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

MAX_MEMBERS = 200
"""Maximum number of members of a JSON object in a request, known and unknown ones."""
MAX_ITEMS = 5_000
"""Maximum number of items of a list or map in a request. A field may allow fewer."""


class Wire(BaseModel):
    """Immutable message between services. Unknown fields of a newer release are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Request(BaseModel):
    """Immutable request of a client. An unknown field is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _check_size(cls, value: Any) -> Any:  # Any: whatever JSON the client sent
        """Refuse large objects, lists and maps before validation, which yields an error for each invalid item."""
        if not isinstance(value, dict):
            return value
        if len(value) > MAX_MEMBERS:
            raise ValueError(f"must have at most {MAX_MEMBERS} members, not {len(value):,}")
        for name, items in value.items():
            if isinstance(items, list | dict) and len(items) > MAX_ITEMS:
                raise ValueError(f"`{name}` must have at most {MAX_ITEMS:,} items, not {len(items):,}")
        return value
