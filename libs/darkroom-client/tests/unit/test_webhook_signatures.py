"""What the official library signs is accepted, and what it refuses is refused."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from darkroom_client import NotGenuine, verify_webhook
from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, yes").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret of thirty-two byte").decode()
BODY = json.dumps({"type": "job.completed", "timestamp": "2026-01-02T03:04:05Z", "data": {"job_id": "j1"}})


def signed(body: str = BODY, secret: str = SECRET, age_s: float = 0) -> dict[str, str]:
    at = datetime.now(UTC) - timedelta(seconds=age_s)
    signature = Webhook(secret).sign("msg_1", at, body)
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": signature,
        "content-type": "application/json",
    }


@pytest.mark.parametrize("body", [BODY, BODY.encode()], ids=["text", "bytes"])
def test_a_webhook_that_the_official_library_signed_is_genuine(body: Any) -> None:
    event = verify_webhook(SECRET, signed(), body)
    assert (event.id, event.type, event.data) == ("msg_1", "job.completed", {"job_id": "j1"})


def test_a_secret_without_prefix_or_padding_is_the_same_secret() -> None:
    bare = SECRET.removeprefix("whsec_").rstrip("=")
    assert verify_webhook(bare, signed(), BODY).id == "msg_1"


def test_any_of_several_signatures_is_enough() -> None:
    headers = signed()
    headers["Webhook-Signature"] = f"{signed(secret=OTHER)['Webhook-Signature']} v1a,xx {headers['Webhook-Signature']}"
    assert verify_webhook(SECRET, headers, BODY).id == "msg_1"


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in signed().items() if key != name}


FORGED: dict[str, Callable[[], tuple[dict[str, str], str]]] = {
    "another body": lambda: (signed(), BODY.replace("j1", "j2")),
    "another secret": lambda: (signed(secret=OTHER), BODY),
    "another id": lambda: (signed() | {"Webhook-Id": "msg_2"}, BODY),
    "too old": lambda: (signed(age_s=310), BODY),
    "from the future": lambda: (signed(age_s=-310), BODY),
    "no signature": lambda: (without("Webhook-Signature"), BODY),
    "no id": lambda: (without("Webhook-Id"), BODY),
    "no time": lambda: (without("Webhook-Timestamp"), BODY),
    "a time that is none": lambda: (signed() | {"Webhook-Timestamp": "nan"}, BODY),
    "an endless time": lambda: (signed() | {"Webhook-Timestamp": "9" * 400}, BODY),
    "a later version only": lambda: (signed() | {"Webhook-Signature": "v2," + "A" * 43 + "="}, BODY),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_what_the_official_library_refuses_is_not_genuine(forge: Callable[[], tuple[dict[str, str], str]]) -> None:
    headers, body = forge()
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, headers)
    with pytest.raises(NotGenuine):
        verify_webhook(SECRET, headers, body)


@pytest.mark.parametrize("signature", ["v1", "v1,", "v1,é", "v1,A", "garbage", "v1,a,b", ",", "v1," + "A" * 100_000])
def test_a_malformed_signature_is_not_genuine(signature: str) -> None:
    with pytest.raises(NotGenuine):
        verify_webhook(SECRET, signed() | {"Webhook-Signature": signature}, BODY)


@pytest.mark.parametrize("body", ["[]", "{}", "nothing", '{"type": "job.completed"}'])
def test_a_body_that_is_no_event_is_not_genuine(body: str) -> None:
    with pytest.raises(NotGenuine, match="not an event"):
        verify_webhook(SECRET, signed(body), body)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!"])
def test_a_secret_that_is_none_is_a_fault_of_the_program(secret: str) -> None:
    with pytest.raises(ValueError, match="the secret of a webhook"):
        verify_webhook(secret, signed(), BODY)


def test_the_tolerance_can_be_chosen() -> None:
    assert verify_webhook(SECRET, signed(age_s=600), BODY, tolerance_s=900).id == "msg_1"
