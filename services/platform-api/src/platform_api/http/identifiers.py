"""Ids of users and jobs in bodies and queries: UUIDs in either case, normalised to lower case."""

from typing import Annotated, Any

from darkroom_schemas.fields import Text
from pydantic import AfterValidator, WithJsonSchema

from platform_api.http.auth import UUID_TEXT


def _lower(text: str) -> str:
    if not UUID_TEXT.match(text.lower()):
        raise ValueError(f"must be a UUID, not {text[:64]!r}")
    return text.lower()


_SCHEMA: dict[str, Any] = {"type": "string", "format": "uuid"}
Uuid = Annotated[Text, AfterValidator(_lower), WithJsonSchema(_SCHEMA)]
