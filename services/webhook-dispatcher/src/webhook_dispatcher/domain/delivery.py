"""One attempt to deliver, and what follows from how it went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from webhook_dispatcher.domain.schedule import next_delay_s

UNREADABLE_SECRET = "secret cannot be decrypted"  # noqa: S105 - what the delivery log says


class DeliveryStatus(StrEnum):
    """State of one message on its way to one endpoint."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery taken for one attempt. `attempts` were made before; `secret` is None where it cannot be decrypted."""

    id: int
    endpoint_id: str
    url: str
    secret: str | None
    message_id: str
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Attempted:
    """How an attempt went; `status` is None when no answer came, and `error` says why in a word."""

    status: int | None
    error: str | None
    duration_s: float
    retry_after_s: float | None = None

    @property
    def delivered(self) -> bool:
        """Any 2xx is a success."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """410: the receiver wants no more, ever."""
        return self.status == 410


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a delivery after an attempt."""

    status: DeliveryStatus
    next_at: datetime | None
    disable_endpoint: bool


def judge(attempted: Attempted, *, attempts_made: int, schedule_s: tuple[float, ...], now: datetime) -> Verdict:
    """Decide; `attempts_made` includes this one."""
    if attempted.delivered:
        return Verdict(DeliveryStatus.DELIVERED, None, disable_endpoint=False)
    if attempted.gone:
        return Verdict(DeliveryStatus.FAILED, None, disable_endpoint=True)
    delay_s = next_delay_s(schedule_s, attempts_made, attempted.retry_after_s)
    if delay_s is None:
        return Verdict(DeliveryStatus.FAILED, None, disable_endpoint=False)
    return Verdict(DeliveryStatus.PENDING, now + timedelta(seconds=delay_s), disable_endpoint=False)
