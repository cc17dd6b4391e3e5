"""Endpoints that receive webhooks, and what was delivered to them."""

from datetime import datetime

from darkroom_client.models.answer import Answer


class Webhook(Answer):
    """An endpoint. No `events` means all; `disabled_reason` says why the service has switched it off."""

    id: str
    url: str
    events: tuple[str, ...] = ()
    description: str = ""
    active: bool
    disabled_reason: str | None = None
    created_at: datetime


class NewWebhook(Webhook):
    """An endpoint that was added just now. `secret` verifies its signatures, and is never shown again."""

    secret: str


class Delivery(Answer):
    """One event on its way to an endpoint."""

    id: int
    message_id: str
    event_type: str
    status: str
    attempts: int
    next_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None
    created_at: datetime
