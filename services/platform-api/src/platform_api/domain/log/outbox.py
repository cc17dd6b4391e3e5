"""The transactional outbox: what the relay hands to the queue."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from darkroom_schemas.api_key import PublishedKey
from darkroom_schemas.ids import EventId, JobId

from platform_api.domain.jobs.ports import JobChanges


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One thing to tell the queue, and what it is about; only publications of keys are about no job."""

    id: int
    kind: str
    job_id: JobId | None
    history_seq: int | None
    body: Mapping[str, Any]


class OutboxBatch(Protocol):
    """Rows to relay; what is done with them commits together with their deletion."""

    @property
    def rows(self) -> Sequence[OutboxRow]: ...

    @property
    def changes(self) -> JobChanges: ...

    async def keys(self, ids: Sequence[str] | None) -> list[PublishedKey]:
        """Read API keys as they are now; None means every valid one."""
        ...

    async def delivered(self, rows: Sequence[OutboxRow], event_ids: Mapping[int, EventId]) -> None:
        """Delete `rows`, and write the ids that their events got to history and jobs."""
        ...


class OutboxBusy(Exception):
    """Another replica has been relaying for seconds."""


class Outbox(Protocol):
    """Gives batches to relay, oldest first, one batch at a time over all replicas."""

    def batch(self, limit: int) -> AbstractAsyncContextManager[OutboxBatch]:
        """Wait for this replica's turn and open a transaction; raises `OutboxBusy` if the turn does not come."""
        ...

    def one(self, row_id: int) -> AbstractAsyncContextManager[OutboxBatch]:
        """Do the same for one row, which may be gone."""
        ...

    def rejecting(self, row_id: int, reason: str) -> AbstractAsyncContextManager[JobChanges]:
        """Put a row aside, so that no batch holds it again, in one transaction with the changes that follow from it."""
        ...

    async def request_all_keys(self) -> None:
        """Have every API key published again."""
        ...
