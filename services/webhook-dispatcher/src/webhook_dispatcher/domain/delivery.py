"""Delivery attempts, and the decision that follows their outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from darkroom_schemas.ids import TenantId

from webhook_dispatcher.domain.endpoint import Dialect
from webhook_dispatcher.domain.schedule import next_delay_s

UNREADABLE_SECRET = "secret cannot be decrypted"  # noqa: S105 - a text of the delivery log
TIMED_OUT = "timeout"


class DeliveryStatus(StrEnum):
    """State of the delivery of a message to an endpoint."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    MISSED = "missed"
    """The endpoint was disabled at the time of the event."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Secrets that sign, the present one first and an earlier one while it is valid, and additional headers."""

    secrets: tuple[str, ...]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery leased for one attempt. `attempts` counts all earlier ones, `replayed_from` those before a replay.

    `credentials` are None if they cannot be decrypted. `body` is the stored one, which names its usual event type.
    `traceparent` is the parent of the attempts' spans.
    """

    id: int
    endpoint_id: str
    tenant: TenantId
    url: str
    credentials: Credentials | None
    message_id: str
    event_type: str
    body: bytes
    attempts: int
    replayed_from: int
    schedule_s: tuple[float, ...] | None
    dialect: Dialect
    ed25519: bool
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Attempted:
    """Outcome of an attempt. `status` is None without a response; `error` is the name of a failure.

    `answer` is the beginning of the response's body.
    """

    status: int | None
    error: str | None
    duration_s: float
    retry_after_s: float | None = None
    answer: bytes | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver responded with 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the receiver responded with 410, which disables the endpoint."""
        return self.status == 410

    @property
    def timed_out(self) -> bool:
        """Whether the receiver did not respond in time."""
        return self.error == TIMED_OUT

    @property
    def unavailable(self) -> bool:
        """Whether the receiver could not be reached or could not work: no response, 408, 429 or 5xx."""
        return self.status is None or self.status in {408, 429} or self.status >= 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """New state of a delivery after an attempt. A pending one is due again after `delay_s`."""

    status: DeliveryStatus
    delay_s: float | None
    disable_endpoint: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt of a leased delivery and what follows from it."""

    delivery: DueDelivery
    attempted: Attempted
    verdict: Verdict


def judge(attempted: Attempted, *, attempts_made: int, schedule_s: tuple[float, ...]) -> Verdict:
    """Return the new state of a delivery. `attempts_made` includes this attempt."""
    if attempted.delivered:
        return Verdict(DeliveryStatus.DELIVERED, None, disable_endpoint=False)
    if attempted.gone:
        return Verdict(DeliveryStatus.FAILED, None, disable_endpoint=True)
    delay_s = next_delay_s(schedule_s, attempts_made, attempted.retry_after_s)
    if delay_s is None:
        return Verdict(DeliveryStatus.FAILED, None, disable_endpoint=False)
    return Verdict(DeliveryStatus.PENDING, delay_s, disable_endpoint=False)
