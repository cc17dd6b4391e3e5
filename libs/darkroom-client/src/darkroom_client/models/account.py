"""What a user has and may do: job types to choose from, credits, API keys, tickets."""

from datetime import datetime
from typing import Any

from pydantic import Field

from darkroom_client.models.answer import Answer
from darkroom_client.models.jobs import Interval


class JobType(Answer):
    """A type of job. `price` is in credits, for all `outputs`; `available` is None while it is not known."""

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
    """One line of the statement. `change` is what it did to the balance; `balance` is the one after it."""

    id: str
    kind: str
    amount: float
    change: float
    balance: float
    job_id: str | None = None
    note: str | None = None
    created_at: datetime


class Balance(Answer):
    """Credits that can be spent, and those held back for jobs under way."""

    balance: float
    reserved: float


class ApiKey(Answer):
    """An API key without its text. It may do what its `scopes` say."""

    id: str
    name: str
    description: str = ""
    tier: str
    scopes: tuple[str, ...]
    is_active: bool
    created_at: datetime | None = None
    last_used_at: datetime | None = None


class NewApiKey(ApiKey):
    """A key that was made just now. `key` is its text, which is never shown again.

    `key` is None where the request was repeated after a cut connection and the first answer is lost: revoke the key,
    and make another.
    """

    key: str | None = None


class Ticket(Answer):
    """Opens a stream in a browser, which sends no headers: `?ticket=` of a stream, `?token=` of a WebSocket."""

    ticket: str
    audience: str
    expires_in: int
    reusable: bool
