"""The body of an attempt, and the headers that depend on it."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from webhook_dispatcher.domain.delivery import Credentials, DueDelivery
from webhook_dispatcher.domain.endpoint import Dialect
from webhook_dispatcher.domain.signature import Signer, signed_headers

JOB_FIELDS = ("job_id", "job_type", "job_status", "worker_id", "machine_id", "progress", "result", "error")


def request_of(
    delivery: DueDelivery, credentials: Credentials, *, timestamp_s: int, signer: Signer
) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of an attempt. Additional headers never replace those of signatures."""
    body = _body(delivery)
    signed = signed_headers(
        credentials.secrets, delivery.message_id, timestamp_s, body, signer if delivery.ed25519 else None
    )
    if delivery.dialect is Dialect.EMPROPS:
        signed |= _emprops_headers(delivery, credentials.secrets[0], body)
    trace = {"traceparent": delivery.traceparent} if delivery.traceparent else {}
    return {**credentials.headers, **trace, **signed}, body


def _body(delivery: DueDelivery) -> bytes:
    """Return the same bytes for each attempt, except that EmProps bodies count the attempts."""
    stored: dict[str, Any] = json.loads(delivery.body)
    if delivery.dialect is Dialect.EMPROPS:
        event_ms = round(datetime.fromisoformat(stored["timestamp"]).timestamp() * 1000)
        return _json({
            "event_type": delivery.event_type,
            "event_id": delivery.message_id,
            "timestamp": event_ms,
            "webhook_id": delivery.endpoint_id,
            "data": dict.fromkeys(JOB_FIELDS) | stored["data"],
            "metadata": {"retry_attempt": delivery.attempts, "original_timestamp": event_ms},
        })  # fmt: skip
    return delivery.body if stored["type"] == delivery.event_type else _json(stored | {"type": delivery.event_type})


def _emprops_headers(delivery: DueDelivery, secret: str, body: bytes) -> dict[str, str]:
    """Return the headers of EmProps. Their signature has no timestamp; receivers should check `webhook-signature`."""
    return {
        "X-Webhook-Event": delivery.event_type,
        "X-Webhook-ID": delivery.endpoint_id,
        "X-Event-ID": delivery.message_id,
        "X-Webhook-Signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
