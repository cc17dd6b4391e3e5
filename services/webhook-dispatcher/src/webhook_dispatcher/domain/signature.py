"""Signatures by Standard Webhooks (https://www.standardwebhooks.com).

`v1` is HMAC-SHA256 and `v1a` ed25519, each of `id.timestamp.body` and in base64.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Protocol

PREFIX = "whsec_"
SECRET_BYTES = 32
MIN_PLAIN, MAX_PLAIN = 16, 200
"""Length of a secret that is not in the standard's form, for the dialect of EmProps."""


class Signer(Protocol):
    """Signs with the private key of the service."""

    def sign(self, message: bytes) -> bytes:
        """Return the ed25519 signature, 64 bytes."""
        ...


def new_secret() -> str:
    """Create a signing secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def check_secret(text: str) -> None:
    """Raise ValueError unless the text is a valid secret of 24 to 64 bytes, as required by the standard."""
    try:
        size = len(base64.b64decode(text.removeprefix(PREFIX), validate=True))
    except ValueError:
        raise ValueError("must be whsec_ followed by base64") from None
    if not text.startswith(PREFIX) or not 24 <= size <= 64:
        raise ValueError("must be whsec_ followed by 24 to 64 bytes in base64")


def check_plain_secret(text: str) -> None:
    """Raise ValueError unless the text is a secret for the dialect of EmProps: the standard's form, or other text."""
    if text.startswith(PREFIX):
        check_secret(text)
    elif not MIN_PLAIN <= len(text) <= MAX_PLAIN or not text.isascii() or not text.isprintable():
        raise ValueError(f"must be {MIN_PLAIN} to {MAX_PLAIN} printable ASCII characters, or whsec_ and base64")


def signed_headers(
    keys: Sequence[str], message_id: str, timestamp_s: int, body: bytes, signer: Signer | None = None
) -> dict[str, str]:
    """Return the three headers, with a signature for each secret and one of the signer.

    The timestamp is the attempt's, because receivers accept a difference of 5 minutes.
    """
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    parts = ["v1," + _base64(hmac.new(_key(secret), signed, hashlib.sha256).digest()) for secret in keys]
    if signer is not None:
        parts.append("v1a," + _base64(signer.sign(signed)))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(parts),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX)) if secret.startswith(PREFIX) else secret.encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
