"""What the domain, the loops and the routes need of the outside world."""

import builtins
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from darkroom_chassis.idempotency import IdempotencyKey
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, TenantId

from webhook_dispatcher.domain.delivery import Attempted, DueDelivery, Verdict
from webhook_dispatcher.domain.endpoint import DeliveryRecord, Endpoint


class Sender(Protocol):
    """Makes one attempt; never raises for what a receiver or the network does."""

    async def send(self, delivery: DueDelivery, secret: str) -> Attempted: ...


class SecretBox(Protocol):
    """Encrypts what is kept, and reads it back."""

    def seal(self, secret: str) -> bytes: ...

    def open(self, sealed: bytes) -> str | None:
        """Return the secret, or None if it was encrypted under another key."""
        ...


class Intake(Protocol):
    """Keeps the position in the event log; replicas move it by compare-and-set and so never take a batch twice."""

    async def position(self) -> EventId | None:
        """Return the stored position; None is the beginning of what is kept."""
        ...

    async def take(self, events: Sequence[Event], *, after: EventId | None, upto: EventId) -> int | None:
        """Store deliveries for whoever wants these events; None when another replica was faster, else their number."""
        ...


class DueDeliveries(Protocol):
    """Gives out due deliveries under a lease and records what became of them."""

    async def take_due(self, limit: int) -> list[DueDelivery]:
        """Take up to `limit` due deliveries of active endpoints, the longest due first."""
        ...

    async def record(self, delivery: DueDelivery, attempted: Attempted, verdict: Verdict) -> None:
        """Write the attempt into the log and the delivery's new state, in one transaction."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next delivery of an active endpoint is due."""
        ...


class DeliveryLog(Protocol):
    """What an endpoint's owner sees of its deliveries."""

    async def stats(self, endpoint_id: str) -> dict[str, int]:
        """Count an endpoint's deliveries by status."""
        ...

    async def retrying(self, endpoint_id: str) -> int:
        """Count an endpoint's deliveries that failed at least once and will be tried again."""
        ...

    async def newest(self, endpoint_id: str, *, limit: int, before: int | None) -> list[DeliveryRecord]:
        """Return the newest lines of an endpoint's delivery log."""
        ...


class Endpoints(Protocol):
    """The endpoints of all tenants, one tenant at a time."""

    async def list(self, tenant: TenantId) -> builtins.list[Endpoint]:
        """Return a tenant's endpoints, oldest first."""
        ...

    async def get(self, tenant: TenantId, endpoint_id: str) -> Endpoint | None: ...

    async def change(self, tenant: TenantId, endpoint_id: str, changes: dict[str, Any]) -> Endpoint | None:
        """Change fields of an endpoint; switching it on forgets why it was switched off."""
        ...

    async def remove(self, tenant: TenantId, endpoint_id: str) -> bool:
        """Delete an endpoint with its deliveries; False if the tenant has no such endpoint."""
        ...


class NewEndpoints(Protocol):
    """Adds endpoints inside a transaction."""

    async def registered_by(self, tenant: TenantId) -> int:
        """Count the tenant's endpoints; until the transaction ends nobody else adds one."""
        ...

    async def add(
        self, tenant: TenantId, *, url: str, events: Sequence[str], description: str, sealed_secret: bytes
    ) -> Endpoint: ...


class NewTests(Protocol):
    """Queues, inside a transaction, messages that only say that an endpoint works."""

    async def enqueue(self, endpoint: Endpoint, message_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Unit:
    """What may be written inside one transaction."""

    endpoints: NewEndpoints
    tests: NewTests


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON body of an answer, and whether an earlier request got it first."""

    body: str
    replayed: bool = False


Work = Callable[[Unit], Awaitable[str]]
"""Writes, and returns the body of the answer."""


class Idempotency(Protocol):
    """Runs work in a transaction, or gives the answer that the same request got before.

    Raises `KeyReused` or `KeyInUse`. Each tenant has keys of their own.
    """

    async def __call__(self, tenant: TenantId, key: IdempotencyKey | None, work: Work) -> Answer: ...
