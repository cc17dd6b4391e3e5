"""The two bases of every wire model: strict in what we send, tolerant in what we read."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Immutable message between our own services; unknown fields from a newer release are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Request(BaseModel):
    """Immutable input from outside; an unknown field is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
