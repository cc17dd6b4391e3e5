"""Signatures, verified by the official libraries of Standard Webhooks and Svix."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
import svix.webhooks
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from darkroom_schemas.ids import TenantId
from standardwebhooks import Webhook
from webhook_dispatcher.domain.delivery import Credentials, DueDelivery
from webhook_dispatcher.domain.endpoint import Dialect
from webhook_dispatcher.domain.payload import request_of
from webhook_dispatcher.domain.signature import check_plain_secret, check_secret, new_secret, signed_headers

BODY = json.dumps({"type": "job.completed", "timestamp": "2026-01-01T00:00:00.5Z", "data": {"text": "ü"}}).encode()


def signed(*secrets: str) -> dict[str, str]:
    return signed_headers(secrets, "msg_1", int(time.time()), BODY)


@pytest.mark.parametrize("library", [Webhook, svix.webhooks.Webhook])
def test_the_official_libraries_verify_our_signature(library: Any) -> None:
    secret = new_secret()
    library(secret).verify(BODY.decode(), signed(secret))


@pytest.mark.parametrize("library", [Webhook, svix.webhooks.Webhook])
def test_both_secrets_verify_while_one_replaces_the_other_and_a_third_does_not(library: Any) -> None:
    new, old = new_secret(), new_secret()
    headers = signed(new, old)
    for secret in (new, old):
        library(secret).verify(BODY.decode(), headers)
    with pytest.raises(Exception, match="No matching signature"):
        library(new_secret()).verify(BODY.decode(), headers)


@pytest.mark.parametrize("library", [Webhook, svix.webhooks.Webhook])
def test_an_asymmetric_signature_verifies_and_leaves_the_other_valid(library: Any) -> None:
    private, secret = Ed25519PrivateKey.generate(), new_secret()
    headers = signed_headers([secret], "msg_1", int(time.time()), BODY, private)
    library(secret).verify(BODY.decode(), headers)
    [asymmetric] = [part for part in headers["webhook-signature"].split() if part.startswith("v1a,")]
    content = f"msg_1.{headers['webhook-timestamp']}.".encode() + BODY
    private.public_key().verify(base64.b64decode(asymmetric[4:]), content)
    with pytest.raises(InvalidSignature):
        private.public_key().verify(base64.b64decode(asymmetric[4:]), content + b" ")


@pytest.mark.parametrize("text", ["", "secret", "whsec_", "whsec_!!!", "whsec_c2hvcnQ="])
def test_an_unusable_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        check_secret(text)


def test_the_dialect_of_emprops_takes_other_secrets() -> None:
    check_plain_secret("a secret of my own")
    for text in ("short", "ü" * 20, "x" * 201, "whsec_c2hvcnQ="):
        with pytest.raises(ValueError, match=r"^must be"):
            check_plain_secret(text)


def delivery(dialect: Dialect, event_type: str = "job.completed") -> DueDelivery:
    return DueDelivery(
        id=1, endpoint_id="e1", tenant=TenantId("t"), url="https://example.com", credentials=None, message_id="msg_1",
        event_type=event_type, body=BODY, attempts=2, replayed_from=0, schedule_s=None, dialect=dialect, ed25519=False,
    )  # fmt: skip


def test_the_dialect_of_emprops_has_its_body_and_headers_beside_the_standard_ones() -> None:
    secret = "a secret of my own"
    credentials = Credentials((secret,), {"Authorization": "Bearer x", "webhook-id": "forged"})
    headers, body = request_of(
        delivery(Dialect.EMPROPS), credentials, timestamp_s=1, signer=Ed25519PrivateKey.generate()
    )
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature"] == expected
    assert (headers["X-Webhook-Event"], headers["X-Webhook-ID"], headers["X-Event-ID"]) == (
        "job.completed", "e1", "msg_1",
    )  # fmt: skip
    assert (headers["webhook-id"], headers["Authorization"]) == ("msg_1", "Bearer x")
    read = json.loads(body)
    assert list(read) == ["event_type", "event_id", "timestamp", "webhook_id", "data", "metadata"]
    assert read["metadata"] == {"retry_attempt": 2, "original_timestamp": 1_767_225_600_500}
    assert {"job_id", "job_status", "worker_id", "machine_id", "progress", "result", "error"} <= read["data"].keys()


def test_another_name_of_an_event_replaces_the_type_and_nothing_else() -> None:
    credentials = Credentials((new_secret(),), {})
    signer = Ed25519PrivateKey.generate()
    _, same = request_of(delivery(Dialect.STANDARD), credentials, timestamp_s=1, signer=signer)
    _, other = request_of(delivery(Dialect.STANDARD, "job.done"), credentials, timestamp_s=1, signer=signer)
    assert same == BODY
    assert json.loads(other) == json.loads(BODY) | {"type": "job.done"}
