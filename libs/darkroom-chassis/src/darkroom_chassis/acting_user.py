"""The user on whose behalf a request with a service key acts: the `X-User-Id` header."""

import re

from darkroom_schemas.errors import FieldError
from darkroom_schemas.ids import UserId

from darkroom_chassis.validation import invalid_request

HEADER = "X-User-Id"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.ASCII)


def user_id_of(text: str) -> UserId:
    """Return the id in lower case; 400 unless it is a UUID."""
    if not _UUID.match(text.lower()):
        raise invalid_request([FieldError(field=HEADER, message="must be the UUID of a user")])
    return UserId(text.lower())
