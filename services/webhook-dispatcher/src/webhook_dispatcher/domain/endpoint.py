"""Webhook endpoints of tenants and their deliveries."""

from dataclasses import dataclass
from datetime import datetime

from darkroom_schemas.ids import TenantId


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A tenant's endpoint. Empty `events` means all. `disabled_reason` is set if the dispatcher has disabled it."""

    id: str
    tenant: TenantId
    url: str
    events: tuple[str, ...]
    description: str
    active: bool
    disabled_reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One entry of an endpoint's delivery log."""

    id: int
    message_id: str
    event_type: str
    status: str
    attempts: int
    next_at: datetime | None
    last_status: int | None
    last_error: str | None
    created_at: datetime
