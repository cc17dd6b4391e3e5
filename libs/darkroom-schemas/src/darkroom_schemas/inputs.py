"""Input files of a step: objects that the worker reads before it starts."""

from typing import Annotated

from pydantic import Field

from darkroom_schemas.base import Wire

MAX_INPUTS = 16
MAX_INPUT_BYTES = 50_000_000
InputName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\w .()-]+$")]
"""Name of an input file inside a step: a plain file name without a folder."""


class InputFile(Wire):
    """A stored object that a step reads. platform-api derives `key` from an asset of the user, never from a client."""

    key: str = Field(min_length=1, max_length=1000)
    mime_type: str = Field(max_length=100)
    size_bytes: int = Field(ge=1, le=MAX_INPUT_BYTES)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
