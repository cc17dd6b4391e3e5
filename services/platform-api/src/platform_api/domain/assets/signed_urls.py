"""Signed links to assets, which work without credentials until they expire, and tickets for event streams."""

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
"""The stream of all jobs of a user."""


class Variant(StrEnum):
    """The representation of an asset: its content or its thumbnail."""

    CONTENT = "content"
    THUMBNAIL = "thumbnail"


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """The user that a ticket authenticates, and the API key that it was created with."""

    user_id: UserId
    key_id: str | None


class UrlSigner:
    """Signs with one secret. Each purpose has its own prefix, so a signature is valid for one purpose only."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._secret, self._base = secret.encode(), public_url.rstrip("/")

    def url(self, asset_id: AssetId, variant: Variant, now: datetime) -> str:
        """Return a link valid for 24 to 25 hours: the expiry is a full hour, so that browsers can cache the link."""
        seconds = int(now.timestamp()) + LIFETIME_S
        expires = seconds + -seconds % ROUNDED_TO_S
        signature = self._sign("asset", asset_id, variant, str(expires))
        return f"{self._base}/api/assets/{asset_id}/{variant}?expires={expires}&signature={signature}"

    def allows(self, asset_id: AssetId, variant: Variant, expires: int, signature: str, now: datetime) -> bool:
        """Return whether the signature of a link is valid and has not expired."""
        expected = self._sign("asset", asset_id, variant, str(expires))
        return hmac.compare_digest(expected.encode(), signature.encode()) and now.timestamp() < expires

    def preview_url(self, preview: Preview, now: datetime) -> str:
        """Return a link to a preview, valid for ten minutes. Each version of a preview has its own link."""
        expires = int(now.timestamp()) + PREVIEW_LIFETIME_S
        signature = self._sign("preview", preview.key, str(preview.version), str(expires))
        asked = urlencode({"key": preview.key, "version": preview.version, "expires": expires, "signature": signature})
        return f"{self._base}/api/previews?{asked}"

    def allows_preview(self, preview: Preview, expires: int, signature: str, now: datetime) -> bool:
        """Return whether the signature of a preview link is valid and has not expired."""
        expected = self._sign("preview", preview.key, str(preview.version), str(expires))
        return hmac.compare_digest(expected.encode(), signature.encode()) and now.timestamp() < expires

    def ticket(self, user_id: UserId, stream: str, now: datetime, key_id: str | None = None) -> str:
        """Create a ticket for one event stream, a job's id or `ALL_JOBS`: a browser's EventSource sends no headers.

        The ticket is valid for 30 minutes, and no longer than the API key that it was created with.
        """
        expires, key = str(int(now.timestamp()) + TICKET_LIFETIME_S), key_id or ""
        return f"{user_id}.{expires}.{key}.{self._sign('stream', user_id, stream, expires, key)}"

    def ticket_holder(self, ticket: str, stream: str, now: datetime) -> TicketHolder | None:
        """Return the holder of a ticket, or None if it is not valid for `stream` now."""
        user_id, expires, key, signature, *_ = (*ticket.split(".", 3), "", "", "", "")
        expected = self._sign("stream", user_id, stream, expires, key)
        is_valid = hmac.compare_digest(expected.encode(), signature.encode())
        return TicketHolder(UserId(user_id), key or None) if is_valid and now.timestamp() < int(expires) else None

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()
