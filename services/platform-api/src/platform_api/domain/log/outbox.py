"""The transactional outbox: rows that the relay sends to the queue."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from darkroom_schemas.api_key import PublishedKey
from darkroom_schemas.ids import EventId, JobId

from platform_api.domain.jobs.ports import JobChanges


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message to the queue. `job_id` is None only for publications of API keys."""

    id: int
    kind: str
    job_id: JobId | None
    history_seq: int | None
    body: Mapping[str, Any]


class OutboxBatch(Protocol):
    """Rows to relay. The relay lock is held, without a transaction: Redis may take its time."""

    @property
    def rows(self) -> Sequence[OutboxRow]: ...

    async def keys(self, ids: Sequence[str] | None) -> list[PublishedKey]:
        """Return the current state of API keys; None means all valid keys."""
        ...

    def delivering(
        self, rows: Sequence[OutboxRow], event_ids: Mapping[int, EventId]
    ) -> AbstractAsyncContextManager[JobChanges]:
        """Delete `rows`, and store the ids of their events in history and jobs.

        Opens the transaction that does so. Changes made in the block commit with it.
        """
        ...


class OutboxBusy(Exception):
    """Another replica has held the relay lock for seconds."""


class Outbox(Protocol):
    """Returns batches to relay, oldest first. Across all replicas, one batch is open at a time."""

    def batch(self, limit: int) -> AbstractAsyncContextManager[OutboxBatch]:
        """Acquire the relay lock and read the rows; raises `OutboxBusy` if the lock is not free in time."""
        ...

    def one(self, row_id: int) -> AbstractAsyncContextManager[OutboxBatch]:
        """As `batch`, for one row, which may have been deleted."""
        ...

    def rejecting(self, row_id: int, reason: str) -> AbstractAsyncContextManager[JobChanges]:
        """Exclude a row from future batches, in one transaction with the changes that follow from it."""
        ...

    async def request_all_keys(self) -> None:
        """Schedule the publication of all API keys."""
        ...
