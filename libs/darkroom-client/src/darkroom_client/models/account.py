"""Job types, credits, API keys and tickets."""

from datetime import datetime
from typing import Any

from pydantic import Field

from darkroom_client.models.answer import Answer
from darkroom_client.models.jobs import Interval


class JobType(Answer):
    """A job type. `price` is in credits for all `outputs`; `available` is None if unknown."""

    name: str
    label: str
    outputs: int
    mime_type: str
    price: float
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    fps: int | None = None
    enhanced: bool = False
    negative_prompt_supported: bool = False
    expected_s: float
    timeout_s: int
    available: bool | None = None
    workers: int | None = None
    waiting: int | None = None
    eta: Interval | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class CreditLine(Answer):
    """One line of the statement. `change` is the change of the balance, `balance` the balance after it."""

    id: str
    kind: str
    amount: float
    change: float
    balance: float
    job_id: str | None = None
    note: str | None = None
    created_at: datetime


class Balance(Answer):
    """Available credits, and credits reserved for active jobs."""

    balance: float
    reserved: float


class ApiKey(Answer):
    """An API key, without its text. `scopes` are its rights."""

    id: str
    name: str
    description: str = ""
    tier: str
    scopes: tuple[str, ...]
    is_active: bool
    created_at: datetime | None = None
    last_used_at: datetime | None = None


class NewApiKey(ApiKey):
    """A new key. `key` is its text, which is not shown again.

    `key` is None if the request was retried because its first response was lost: revoke the key and create another one.
    """

    key: str | None = None


class Ticket(Answer):
    """A credential for streams in browsers, which send no headers: `?ticket=` of a stream, `?token=` of a WebSocket."""

    ticket: str
    audience: str
    expires_in: int
    reusable: bool
