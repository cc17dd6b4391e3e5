"""Verifies webhooks by Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 of `id.timestamp.body`."""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from darkroom_client.errors import NotGenuine

PREFIX = "whsec_"
TOLERANCE_S = 300.0
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


@dataclass(frozen=True)
class WebhookEvent:
    """A verified webhook. A repeated delivery has the same `id`: process it once."""

    id: str
    type: str
    timestamp: str
    data: Any


def verify_webhook(
    secret: str,
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    tolerance_s: float = TOLERANCE_S,
    clock: Callable[[], float] = time.time,
) -> WebhookEvent:
    """Verify the signature of a request and return its event. Raises `NotGenuine`.

    `body` must be the received bytes, unchanged: JSON that was parsed and serialized again has another signature.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if missing := [name for name in (ID, TIMESTAMP, SIGNATURE) if not given.get(name)]:
        raise NotGenuine(f"The webhook has no header {missing[0]}.")
    if not re.fullmatch(r"[0-9]{1,12}", given[TIMESTAMP], re.ASCII):
        raise NotGenuine(f"The header {TIMESTAMP} is not a time in Unix seconds.")
    if abs(clock() - int(given[TIMESTAMP])) > tolerance_s:
        raise NotGenuine(f"The webhook was signed more than {tolerance_s:g} seconds ago, or the clocks differ.")
    raw = body.encode() if isinstance(body, str) else bytes(body)
    signed = f"{given[ID]}.{given[TIMESTAMP]}.".encode() + raw
    expected = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    # There are several signatures while a secret is being replaced. All are compared, each in constant time.
    matches = [hmac.compare_digest(expected, signature) for signature in _signatures(given[SIGNATURE])]
    if not any(matches):
        raise NotGenuine("The webhook's signature does not belong to this secret and body.")
    return _event(given[ID], raw)


def _key(secret: str) -> bytes:
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError(f"the secret of a webhook is {PREFIX} and base64")
    return key


def _signatures(header: str) -> Iterator[bytes]:
    """Yield the signatures of version v1. Other versions are ignored."""
    for part in header.split():
        version, _, text = part.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                continue


def _event(message_id: str, raw: bytes) -> WebhookEvent:
    try:
        body = json.loads(raw)
        return WebhookEvent(message_id, body["type"], body["timestamp"], body["data"])
    except (ValueError, KeyError, TypeError):
        raise NotGenuine("The webhook's body is not an event of Darkroom.") from None
