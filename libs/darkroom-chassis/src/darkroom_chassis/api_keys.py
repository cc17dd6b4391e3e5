"""API keys: `dk_<kind>_<id>_<secret><checksum>`.

The prefix lets secret scanners find a leaked key, the checksum refuses a mistyped one without a database read, and the
id finds the row, which keeps only a SHA-256 of the key (its 190 random bits need no slow hash).
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from enum import StrEnum

_ALPHABET = string.digits + string.ascii_letters
_ID_LENGTH, _SECRET_LENGTH, _CHECKSUM_LENGTH = 12, 32, 6
_SHAPE = re.compile(
    rf"dk_(user|service|admin)_([0-9A-Za-z]{{{_ID_LENGTH}}})_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}\Z",
    re.ASCII,
)


class KeyKind(StrEnum):
    """Whom a key speaks for: one user, a trusted service (may name a user), or an operator."""

    USER = "user"
    SERVICE = "service"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A parsed key. `id` is public; the whole text is the secret."""

    kind: KeyKind
    id: str
    text: str

    def __repr__(self) -> str:
        return f"ApiKey(kind={self.kind!r}, id={self.id!r})"


def new_api_key(kind: KeyKind) -> ApiKey:
    """Make a key; its text is to be shown once and then only kept as a hash."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    body = f"dk_{kind}_{key_id}_{secret}"
    return ApiKey(kind, key_id, body + _checksum(body))


def parse_api_key(text: str) -> ApiKey | None:
    """Read a key; None if its shape or checksum is wrong, so that no lookup is needed."""
    match = _SHAPE.match(text)
    if match is None or _checksum(text[:-_CHECKSUM_LENGTH]) != text[-_CHECKSUM_LENGTH:]:
        return None
    return ApiKey(KeyKind(match[1]), match[2], text)


def hash_api_key(text: str) -> bytes:
    """Return the SHA-256 that is kept at rest."""
    return hashlib.sha256(text.encode()).digest()


def same_key(text: str, stored_hash: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(hash_api_key(text), stored_hash)


def _checksum(body: str) -> str:
    value, digits = zlib.crc32(body.encode()), []
    for _ in range(_CHECKSUM_LENGTH):
        value, digit = divmod(value, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
