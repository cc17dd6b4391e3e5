"""Webhook endpoints of tenants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from darkroom_schemas.ids import TenantId

from webhook_dispatcher.domain.subscription import Filters


class Dialect(StrEnum):
    """Form of requests: Standard Webhooks alone, or with the body and headers of EmProps beside its headers."""

    STANDARD = "standard"
    EMPROPS = "emprops"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A tenant's endpoint. Empty `events` means all. `disabled_reason` is set if the dispatcher has disabled it.

    `origin` is set if it delivers the webhooks of single jobs. `schedule_s` is the delay before each attempt, None for
    the usual one. `header_names` are those of additional headers; their values are secret.
    """

    id: str
    tenant: TenantId
    url: str
    events: tuple[str, ...]
    filters: Filters
    description: str
    active: bool
    disabled_reason: str | None
    created_at: datetime
    origin: str | None
    ordered: bool
    rate_per_s: float | None
    schedule_s: tuple[float, ...] | None
    dialect: Dialect
    ed25519: bool
    header_names: tuple[str, ...]


class EndpointState(StrEnum):
    """By what an operator lists endpoints: those whose attempts fail now, or that the dispatcher has disabled."""

    FAILING = "failing"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class WatchedEndpoint:
    """An endpoint as operators see it. `delivered` and `failed` count its deliveries that have ended.

    `failing_since` is when its attempts began to fail without a success; `paused_until` that of its circuit breaker.
    """

    endpoint: Endpoint
    delivered: int
    failed: int
    failing_since: datetime | None
    paused_until: datetime | None


@dataclass(frozen=True, slots=True)
class EndpointForm:
    """The fields of a new endpoint."""

    url: str
    secret: str
    events: tuple[str, ...]
    filters: Filters
    description: str
    active: bool
    headers: Mapping[str, str]
    ordered: bool
    rate_per_s: float | None
    schedule_s: tuple[float, ...] | None
    dialect: Dialect
    ed25519: bool
