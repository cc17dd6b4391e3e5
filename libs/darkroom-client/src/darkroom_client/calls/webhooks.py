"""Calls of webhook-dispatcher."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from darkroom_client.access import Service
from darkroom_client.calls.account import text_list
from darkroom_client.calls.call import Call, idempotency_header, model, models, segment, without_none
from darkroom_client.models.answer import Page
from darkroom_client.models.webhooks import Attempt, Delivery, NewWebhook, Replayed, Webhook

PATH = "/api/webhooks"
AT = Service.DISPATCHER


def every() -> Call[tuple[Webhook, ...]]:
    return Call("GET", PATH, lambda answer: models(Webhook, answer["webhooks"]), service=AT)


def get(webhook_id: str) -> Call[Webhook]:
    return Call("GET", _one(webhook_id), model(Webhook), service=AT)


def addition(
    url: str,
    *,
    events: Sequence[str] | None,
    description: str | None,
    secret: str | None,
    filters: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
    ordered: bool | None,
    rate_per_s: float | None,
    idempotency_key: str | None,
) -> Call[NewWebhook]:
    body = without_none(
        url=url, events=text_list("events", events), description=description, secret=secret, filters=filters,
        headers=headers, ordered=ordered, rate_per_s=rate_per_s,
    )  # fmt: skip
    return Call("POST", PATH, model(NewWebhook), body, headers=idempotency_header(idempotency_key), service=AT)


def change(
    webhook_id: str,
    *,
    url: str | None,
    events: Sequence[str] | None,
    description: str | None,
    active: bool | None,
) -> Call[Webhook]:
    body = without_none(url=url, events=text_list("events", events), description=description, active=active)
    return Call("PUT", _one(webhook_id), model(Webhook), body, service=AT)


def removal(webhook_id: str) -> Call[None]:
    return Call("DELETE", _one(webhook_id), lambda _: None, service=AT)


def test(webhook_id: str, idempotency_key: str | None) -> Call[str]:
    """Send a test event. The result is the id of its message."""
    path = f"{_one(webhook_id)}/test"
    return Call(
        "POST", path, lambda answer: str(answer["message_id"]), headers=idempotency_header(idempotency_key), service=AT
    )


def rotation(webhook_id: str, *, secret: str | None, overlap_s: float | None, idempotency_key: str | None) -> Call[str]:
    """Replace the secret. The result is the new one."""
    body = without_none(secret=secret, overlap_s=overlap_s)
    path, headers = f"{_one(webhook_id)}/rotate", idempotency_header(idempotency_key)
    return Call("POST", path, lambda answer: str(answer["secret"]), body, headers=headers, service=AT)


def attempts(webhook_id: str, delivery_id: int) -> Call[tuple[Attempt, ...]]:
    path = f"{_one(webhook_id)}/deliveries/{int(delivery_id)}/attempts"
    return Call("GET", path, lambda answer: models(Attempt, answer["attempts"]), service=AT)


def replay(
    webhook_id: str, what: str, *, since: datetime | None, rate_per_s: float | None, idempotency_key: str | None
) -> Call[Replayed]:
    """Make `failed` or `missed` deliveries again."""
    body = without_none(what=what, since=since.isoformat() if since else None, rate_per_s=rate_per_s)
    path, headers = f"{_one(webhook_id)}/replay", idempotency_header(idempotency_key)
    return Call("POST", path, model(Replayed), body, headers=headers, service=AT)


def delivery_replay(webhook_id: str, delivery_id: int, idempotency_key: str | None) -> Call[Replayed]:
    path = f"{_one(webhook_id)}/deliveries/{int(delivery_id)}/replay"
    return Call("POST", path, model(Replayed), headers=idempotency_header(idempotency_key), service=AT)


def deliveries(webhook_id: str, *, limit: int, cursor: str | None, status: str | None = None) -> Call[Page[Delivery]]:
    """List deliveries, newest first. The cursor is the id of the last one."""

    def read(answer: Any) -> Page[Delivery]:  # Any: JSON
        items = models(Delivery, answer["deliveries"])
        return Page(items, str(items[-1].id) if len(items) >= limit else None)

    params = without_none(limit=limit, before=cursor, status=status)
    return Call("GET", f"{_one(webhook_id)}/deliveries", read, params=params, service=AT)


def _one(webhook_id: str) -> str:
    return f"{PATH}/{segment(webhook_id)}"
