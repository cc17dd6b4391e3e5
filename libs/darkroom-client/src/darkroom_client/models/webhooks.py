"""Endpoints that receive webhooks, and their deliveries."""

from datetime import datetime

from pydantic import Field

from darkroom_client.models.answer import Answer


class Webhook(Answer):
    """An endpoint. Empty `events` means all; `disabled_reason` is set if the service has disabled it.

    `origin` is set if it delivers the webhooks of single jobs. The values of `headers` are hidden.
    """

    id: str
    url: str
    events: tuple[str, ...] = ()
    filters: dict[str, tuple[str | int, ...]] = Field(default_factory=dict)
    description: str = ""
    active: bool
    disabled_reason: str | None = None
    created_at: datetime
    origin: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    ordered: bool = False
    rate_per_s: float | None = None


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


class Attempt(Answer):
    """An attempt of a delivery. `answer` is the beginning of the receiver's response."""

    number: int
    status: int | None = None
    error: str | None = None
    duration_s: float
    at: datetime
    answer: str | None = None


class Replayed(Answer):
    """How many deliveries are made again. `more`: repeat the call for the others."""

    replayed: int
    more: bool
