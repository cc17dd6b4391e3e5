"""Signatures by Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 of `id.timestamp.body`, base64."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
SECRET_BYTES = 32


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


def signed_headers(secret: str, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the three headers. The timestamp is the attempt's, because receivers accept a difference of 5 minutes."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp_s}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
