"""What the delivery log of an endpoint shows, and which deliveries can be replayed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Replayed(StrEnum):
    """Deliveries to replay: those that failed, or those missed while the endpoint was disabled."""

    FAILED = "failed"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which deliveries to list. `before` is the id of the last one of the previous page."""

    before: int | None = None
    status: str | None = None
    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """An attempt. `answer` is the beginning of the receiver's response, None without one."""

    number: int
    status: int | None
    error: str | None
    duration_s: float
    at: datetime
    answer: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of an endpoint's deliveries. `retrying` are the pending ones with a failed attempt."""

    delivered: int
    failed: int
    pending: int
    retrying: int
    missed: int
