"""API keys: `dk_<kind>_<id>_<secret><checksum>`.

The prefix lets secret scanners detect a leaked key. The checksum rejects a mistyped key without a database read. The id
finds the row, which stores only the SHA-256 of the key: its 190 random bits need no slow hash.
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
    """The principal of a key: one user, a trusted service that acts for users, or an operator."""

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
    """Create a random key. Show its text once and store only its hash."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    body = f"dk_{kind}_{key_id}_{secret}"
    return ApiKey(kind, key_id, body + _checksum(body))


def parse_api_key(text: str) -> ApiKey | None:
    """Parse a key; None if its format or checksum is wrong."""
    match = _SHAPE.match(text)
    if match is None or _checksum(text[:-_CHECKSUM_LENGTH]) != text[-_CHECKSUM_LENGTH:]:
        return None
    return ApiKey(KeyKind(match[1]), match[2], text)


def hash_api_key(text: str) -> bytes:
    """Return the SHA-256 of a key, as stored in the database."""
    return hashlib.sha256(text.encode()).digest()


def same_key(text: str, stored_hash: bytes) -> bool:
    """Compare a key with a stored hash in constant time."""
    return hmac.compare_digest(hash_api_key(text), stored_hash)


def _checksum(body: str) -> str:
    value, digits = zlib.crc32(body.encode()), []
    for _ in range(_CHECKSUM_LENGTH):
        value, digit = divmod(value, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
