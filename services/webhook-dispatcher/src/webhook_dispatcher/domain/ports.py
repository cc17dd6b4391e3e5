"""Interfaces through which the domain, the loops and the routes use stores and clients."""

import builtins
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from darkroom_chassis.idempotency import IdempotencyKey
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, TenantId

from webhook_dispatcher.domain.backlog import Backlog
from webhook_dispatcher.domain.delivery import Attempted, Credentials, DueDelivery, Outcome
from webhook_dispatcher.domain.delivery_log import AttemptRecord, Counts, DeliveryRecord, LogFilter, Replayed
from webhook_dispatcher.domain.endpoint import Endpoint, EndpointForm, EndpointState, WatchedEndpoint
from webhook_dispatcher.domain.fleet import Sighting
from webhook_dispatcher.domain.progress import ProgressTarget


class Sender(Protocol):
    """Makes one attempt. Does not raise for failures of the receiver or the network."""

    async def send(self, delivery: DueDelivery, credentials: Credentials) -> Attempted: ...


class PublicKeys(Protocol):
    """The public keys of `v1a` signatures."""

    async def public_keys(self) -> list[tuple[str, bytes]]:
        """Return the ids and raw ed25519 keys of 32 bytes, the newest first."""
        ...


class SecretBox(Protocol):
    """Encrypts and decrypts stored secrets."""

    def seal(self, secret: str) -> bytes: ...

    def open(self, sealed: bytes) -> str | None:
        """Return the secret, or None if it was encrypted under another key."""
        ...


class UrlGuard(Protocol):
    """Checks whether webhooks may be sent to a URL."""

    async def check(self, url: str) -> None:
        """Raise ValueError for the form of a URL, OSError if it leads to private addresses only."""
        ...


class Intake(Protocol):
    """Stores the position in the event log. Replicas move it by compare-and-set, so a batch is processed only once."""

    async def position(self) -> EventId | None:
        """Return the stored position; None is the beginning of the log."""
        ...

    async def take(self, events: Sequence[Event], *, after: EventId | None, upto: EventId) -> int | None:
        """Store deliveries to the endpoints that subscribe to these events, and the position `upto`.

        Returns their number, or None if another replica has moved the position.
        """
        ...


class Measure(Protocol):
    """Measures the backlog."""

    async def measure(self) -> Backlog: ...


FindTargets = Callable[[], Awaitable[list[ProgressTarget]]]
"""Returns the active endpoints that list progress."""


class ProgressTargets(Protocol):
    """Endpoints that receive live progress."""

    def leading(self) -> AbstractAsyncContextManager[FindTargets | None]:
        """Make this replica the one that sends progress while the context is open. Yields None if another one is."""
        ...


class Fleet(Protocol):
    """Stores the last known states of workers and machines."""

    async def note(self, seen: Sighting) -> bool:
        """Store a changed state and its event. Whether there are new deliveries; False also for a known state."""
        ...


class DisabledNotices(Protocol):
    """Notices about endpoints that were disabled."""

    async def send(self) -> int:
        """Store the deliveries of notices that are due, and return their number."""
        ...


class DueDeliveries(Protocol):
    """Leases due deliveries and records the outcomes of attempts, within the limits of each endpoint.

    `running` are the attempts of this process by tenant, of whom none gets more than `per_tenant`.
    """

    async def take_due(self, slots: int, *, per_tenant: int, running: Mapping[TenantId, int]) -> list[DueDelivery]:
        """Lease up to `slots` due deliveries of active endpoints, fairly among tenants and their endpoints."""
        ...

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        """Store attempts and their consequences for deliveries and endpoints in one transaction."""
        ...

    async def wake(self) -> None:
        """Make queues with pending deliveries due that are not."""
        ...

    async def wait_s(self, *, per_tenant: int, running: Mapping[TenantId, int]) -> float | None:
        """Return the time until a delivery may be due, in seconds; None if none is pending."""
        ...


class DeliveryLog(Protocol):
    """Deliveries of an endpoint, for its owner."""

    async def counts(self, endpoint_id: str) -> Counts:
        """Count an endpoint's deliveries."""
        ...

    async def newest(self, endpoint_id: str, chosen: LogFilter, *, limit: int) -> list[DeliveryRecord]:
        """Return up to `limit` of an endpoint's deliveries, newest first."""
        ...

    async def attempts(self, endpoint_id: str, delivery_id: int) -> list[AttemptRecord] | None:
        """Return the attempts of a delivery, oldest first; None if the endpoint has no such delivery."""
        ...


class Endpoints(Protocol):
    """Stores endpoints. Each method accesses one tenant's."""

    async def list(self, tenant: TenantId, *, of_jobs: bool) -> builtins.list[Endpoint]:
        """Return a tenant's registered endpoints, or those of its jobs' own webhooks, oldest first."""
        ...

    async def get(self, tenant: TenantId, endpoint_id: str) -> Endpoint | None: ...

    async def change(self, tenant: TenantId, endpoint_id: str, changes: dict[str, Any]) -> Endpoint | None:
        """Change fields of `EndpointForm` by name; None if the tenant has no such endpoint.

        `active` clears `disabled_reason`.
        """
        ...

    async def remove(self, tenant: TenantId, endpoint_id: str) -> bool:
        """Delete an endpoint and its deliveries; False if the tenant has no such endpoint."""
        ...


class WatchedEndpoints(Protocol):
    """Reads the endpoints of all tenants, for operators."""

    async def newest(
        self, *, limit: int, before: str | None, state: EndpointState | None, tenant: TenantId | None
    ) -> builtins.list[WatchedEndpoint]:
        """Return up to `limit` endpoints, newest first, those after the one with the id `before`."""
        ...


class NewEndpoints(Protocol):
    """Adds endpoints in a transaction."""

    async def registered_by(self, tenant: TenantId) -> int:
        """Count the tenant's endpoints. Blocks other registrations of the tenant until the transaction ends."""
        ...

    async def add(self, tenant: TenantId, form: EndpointForm) -> Endpoint: ...

    async def rotate(self, tenant: TenantId, endpoint_id: str, secret: str, *, overlap_s: float) -> bool:
        """Replace the secret; the earlier one signs, too, for `overlap_s`. False if there is no such endpoint."""
        ...


class NewTests(Protocol):
    """Enqueues test messages in a transaction."""

    async def enqueue(self, endpoint: Endpoint, message_id: str) -> None: ...


class Replays(Protocol):
    """Makes deliveries pending again, in a transaction."""

    async def one(self, endpoint_id: str, delivery_id: int) -> bool:
        """Replay a delivery that has ended; False if the endpoint has no such delivery."""
        ...

    async def many(
        self, endpoint_id: str, what: Replayed, *, since: datetime | None, rate_per_s: float, limit: int
    ) -> int:
        """Replay up to `limit` deliveries, oldest first, so many per second. Returns their number."""
        ...


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """The stores of one transaction."""

    endpoints: NewEndpoints
    tests: NewTests
    replays: Replays


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON body of a response. `replayed` if it was stored for an earlier request."""

    body: str
    replayed: bool = False


Writes = Callable[[UnitOfWork], Awaitable[str]]
"""Writes in the transaction and returns the body of the response."""


class Idempotency(Protocol):
    """Runs work in a transaction, or returns the stored answer of the same request.

    Raises `KeyReused` or `KeyInUse`. Keys are per tenant.
    """

    async def __call__(self, tenant: TenantId, key: IdempotencyKey | None, work: Writes) -> Answer: ...
