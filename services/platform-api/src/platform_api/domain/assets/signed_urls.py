"""Links to assets that work without credentials until they expire, and tickets for event streams."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlencode

from darkroom_schemas.channels import Preview
from darkroom_schemas.ids import AssetId, UserId

LIFETIME_S = 24 * 3600
ROUNDED_TO_S = 3600
TICKET_LIFETIME_S = 1800
PREVIEW_LIFETIME_S = 600
ALL_JOBS = "events"
"""The stream of everything that is a user's."""


class Variant(StrEnum):
    """Which bytes of an asset."""

    CONTENT = "content"
    THUMBNAIL = "thumbnail"


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """Whose stream a ticket opens, and the API key that it was made with."""

    user_id: UserId
    key_id: str | None


class UrlSigner:
    """Signs with one secret; each purpose has its own prefix, so that no signature serves another purpose."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._secret, self._base = secret.encode(), public_url.rstrip("/")

    def url(self, asset_id: AssetId, variant: Variant, now: datetime) -> str:
        """Return a link valid for 24 to 25 hours: rounded up, so that browsers can cache it under one address."""
        seconds = int(now.timestamp()) + LIFETIME_S
        expires = seconds + -seconds % ROUNDED_TO_S
        signature = self._sign("asset", asset_id, variant, str(expires))
        return f"{self._base}/api/assets/{asset_id}/{variant}?expires={expires}&signature={signature}"

    def allows(self, asset_id: AssetId, variant: Variant, expires: int, signature: str, now: datetime) -> bool:
        """Tell whether a link's signature is ours and has not expired."""
        expected = self._sign("asset", asset_id, variant, str(expires))
        return hmac.compare_digest(expected.encode(), signature.encode()) and now.timestamp() < expires

    def preview_url(self, preview: Preview, now: datetime) -> str:
        """Return a link to a preview; the version makes each one a new address."""
        expires = int(now.timestamp()) + PREVIEW_LIFETIME_S
        signature = self._sign("preview", preview.key, str(preview.version), str(expires))
        asked = urlencode({"key": preview.key, "version": preview.version, "expires": expires, "signature": signature})
        return f"{self._base}/api/previews?{asked}"

    def allows_preview(self, preview: Preview, expires: int, signature: str, now: datetime) -> bool:
        """Tell whether a preview's link is ours and has not expired."""
        expected = self._sign("preview", preview.key, str(preview.version), str(expires))
        return hmac.compare_digest(expected.encode(), signature.encode()) and now.timestamp() < expires

    def ticket(self, user_id: UserId, stream: str, now: datetime, key_id: str | None = None) -> str:
        """Make a ticket for one event stream, a job's id or `ALL_JOBS`: a browser's EventSource sends no headers.

        One that was made with an API key is valid no longer than the key.
        """
        expires, key = str(int(now.timestamp()) + TICKET_LIFETIME_S), key_id or ""
        return f"{user_id}.{expires}.{key}.{self._sign('stream', user_id, stream, expires, key)}"

    def ticket_holder(self, ticket: str, stream: str, now: datetime) -> TicketHolder | None:
        """Return whose ticket it is, or None when it is not valid for `stream` now."""
        user_id, expires, key, signature, *_ = (*ticket.split(".", 3), "", "", "", "")
        expected = self._sign("stream", user_id, stream, expires, key)
        ours = hmac.compare_digest(expected.encode(), signature.encode())
        return TicketHolder(UserId(user_id), key or None) if ours and now.timestamp() < int(expires) else None

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()
