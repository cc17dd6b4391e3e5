"""The Idempotency-Key of a request that creates something."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta

from darkroom_schemas.errors import ErrorCode, FieldError
from pydantic import BaseModel

from darkroom_chassis.errors import AppError
from darkroom_chassis.validation import invalid_request

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z", re.ASCII)


class KeyReused(AppError):
    """422: the key was used before, with another request."""

    def __init__(self) -> None:
        super().__init__(422, ErrorCode.IDEMPOTENCY_MISMATCH, "This Idempotency-Key was used with another request.")


class KeyInUse(AppError):
    """409: the first request with the key is still in progress."""

    def __init__(self) -> None:
        sentence = "The first request with this Idempotency-Key is still being answered."
        headers = {"Retry-After": "1"}
        super().__init__(409, ErrorCode.IDEMPOTENCY_IN_PROGRESS, sentence, retryable=True, headers=headers)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key and the digest of its request."""

    key: str
    fingerprint: str


def usable_key(key: str) -> str:
    """Return the key; 400 unless it is 1 to 255 printable ASCII characters without spaces."""
    if not _KEY.match(key):
        must = "must be 1 to 255 printable ASCII characters without spaces"
        raise invalid_request([FieldError(field=HEADER, message=must)])
    return key


def keyed(key: str | None, path: str, body: BaseModel | None) -> IdempotencyKey | None:
    """Combine an Idempotency-Key with the digest of path and body; 400 for an invalid key."""
    if key is None:
        return None
    asked = json.dumps([path, body.model_dump(mode="json") if body else None], sort_keys=True)
    return IdempotencyKey(usable_key(key), hashlib.sha256(asked.encode()).hexdigest())
