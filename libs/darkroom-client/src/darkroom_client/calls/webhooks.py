"""Calls of webhook-dispatcher."""

from collections.abc import Sequence
from typing import Any

from darkroom_client.access import Service
from darkroom_client.calls.account import text_list
from darkroom_client.calls.call import Call, idempotency_header, model, models, segment, without_none
from darkroom_client.models.answer import Page
from darkroom_client.models.webhooks import Delivery, NewWebhook, Webhook

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
    idempotency_key: str | None,
) -> Call[NewWebhook]:
    body = without_none(url=url, events=text_list("events", events), description=description, secret=secret)
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


def deliveries(webhook_id: str, *, limit: int, cursor: str | None) -> Call[Page[Delivery]]:
    """List deliveries, newest first. The cursor is the id of the last one."""

    def read(answer: Any) -> Page[Delivery]:  # Any: JSON
        items = models(Delivery, answer["deliveries"])
        return Page(items, str(items[-1].id) if len(items) >= limit else None)

    params = without_none(limit=limit, before=cursor)
    return Call("GET", f"{_one(webhook_id)}/deliveries", read, params=params, service=AT)


def _one(webhook_id: str) -> str:
    return f"{PATH}/{segment(webhook_id)}"
