"""Endpoints that receive webhooks, and their deliveries."""

from datetime import datetime

from darkroom_client.models.answer import Answer


class Webhook(Answer):
    """An endpoint. Empty `events` means all; `disabled_reason` is set if the service has disabled it."""

    id: str
    url: str
    events: tuple[str, ...] = ()
    description: str = ""
    active: bool
    disabled_reason: str | None = None
    created_at: datetime


class NewWebhook(Webhook):
    """A new endpoint. `secret` verifies its signatures and is not shown again."""

    secret: str


class Delivery(Answer):
    """The delivery of one event to an endpoint."""

    id: int
    message_id: str
    event_type: str
    status: str
    attempts: int
    next_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None
    created_at: datetime
