"""What the domain needs of the outside world."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from darkroom_chassis.idempotency import IdempotencyKey as IdempotencyKey
from darkroom_schemas.api_key import PublishedKey
from darkroom_schemas.ids import AssetId, EventId, JobId, StepId, UserId
from darkroom_schemas.job import HistoryEntry
from darkroom_schemas.status import JobStatus

from platform_api.domain.asset_filter import AssetFilter
from platform_api.domain.change import Change, LedgerEntry, OutboxItem, Restart
from platform_api.domain.job import Asset, Job, JobState
from platform_api.domain.job_filter import EVERY_JOB, JobFilter


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def __call__(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a creating request was answered; `replayed` when it had been answered before."""

    body: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class KeyedAnswer:
    """An Idempotency-Key, what was asked with it, and the answer to keep."""

    key: str
    fingerprint: str
    body: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """Everything that accepting a job writes."""

    state: JobState
    history: HistoryEntry
    ledger: tuple[LedgerEntry, ...]
    outbox: tuple[OutboxItem, ...]
    idempotency: KeyedAnswer | None


class JobAcceptance(Protocol):
    """Writes a new job and reserves its credits, all or nothing."""

    async def accept(self, new: NewJob) -> Answer | None:
        """Return None when the job is new, or the kept answer of the same request.

        Raises `NotEnoughCredits`, `UnknownUser`, `KeyReused` or `KeyInUse`.
        """
        ...

    async def earlier(self, user_id: UserId, asked: IdempotencyKey) -> Answer | None:
        """Return the kept answer of the same request; raises `KeyReused` if it was another one."""
        ...


class Backlog(Protocol):
    """How many steps wait, as known a moment ago."""

    async def queued(self) -> Mapping[str, int]:
        """Return the number of waiting steps by type."""
        ...

    def add(self, step_type: str) -> None:
        """Count a step that was accepted just now."""
        ...


class JobChanges(Protocol):
    """Reads jobs under a lock and writes decided changes, inside the caller's transaction."""

    async def load(self, job_ids: Iterable[JobId]) -> dict[JobId, JobState]:
        """Lock and return those of the jobs that exist."""
        ...

    async def save(self, changes: Sequence[Change]) -> None:
        """Write the changes in order. A source event that was applied before must not come again."""
        ...

    async def applied(self, pairs: Sequence[tuple[JobId, str]]) -> set[tuple[JobId, str]]:
        """Return which (job, source event id) pairs were applied before."""
        ...

    async def discard(self, keys: Sequence[str]) -> None:
        """Have objects deleted that nothing refers to."""
        ...

    async def look_over(self, job_ids: Collection[JobId]) -> None:
        """Have what the jobs have stored looked over later, for objects that nothing refers to."""
        ...

    async def restart(self, restart: Restart) -> None:
        """Back the job up and write its new run; raises `NotEnoughCredits`."""
        ...

    async def enqueue(self, items: Sequence[tuple[Job, OutboxItem]]) -> None:
        """Append to the outbox without changing the jobs."""
        ...


class UnitOfWork(Protocol):
    """Opens a transaction: committed when the block ends, rolled back when it raises."""

    def __call__(self) -> AbstractAsyncContextManager[JobChanges]: ...


class Unstorable(Exception):
    """The database understood the change and can never keep it."""


class Journal(Protocol):
    """How far the event log has been applied."""

    async def position(self) -> EventId | None:
        """Return the stored position; None is the beginning of what is kept."""
        ...

    def advance(self, old: EventId | None, new: EventId) -> AbstractAsyncContextManager[JobChanges | None]:
        """Open a transaction that moves the position, or give None when another replica has moved it.

        Raises `Unstorable` when what was done in it is at fault, and not the connection or a lock.
        """
        ...


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


@dataclass(frozen=True, slots=True)
class StepRef:
    """Names a step and its job, with the state that the step has here."""

    id: StepId
    job_id: JobId
    status: JobStatus


class StaleSteps(Protocol):
    """Finds steps whose state the queue should be asked about, some hundred at a time."""

    def pending(self, submitted_before: datetime) -> AsyncIterator[Sequence[StepRef]]:
        """Yield the steps handed over before that moment and not known to have ended."""
        ...

    def revoked(self, finished_after: datetime) -> AsyncIterator[Sequence[StepRef]]:
        """Yield the steps that ended here since that moment without having completed."""
        ...


@dataclass(frozen=True, slots=True)
class JobPage:
    """Newest first; `cursor` continues after the last item."""

    jobs: tuple[Job, ...]
    cursor: JobId | None
    total: int
    total_is_exact: bool = True


@dataclass(frozen=True, slots=True)
class AssetPage:
    """Newest first; `cursor` continues after the last item."""

    assets: tuple[Asset, ...]
    cursor: AssetId | None
    total: int
    total_is_exact: bool = True


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job and its history at one moment. The first `announced_seq` entries are known to stand in the log."""

    job: Job
    history: tuple[HistoryEntry, ...]
    announced_seq: int

    @property
    def announced(self) -> bool:
        return self.announced_seq == self.job.history_seq


class JobReads(Protocol):
    """Reads of jobs; another user's job is not there."""

    async def get(self, job_id: JobId, user_id: UserId) -> Job | None: ...

    async def snapshot(self, job_id: JobId, user_id: UserId) -> JobSnapshot | None: ...

    async def running_steps(self, job: Job) -> Sequence[StepId]:
        """Return the steps of the job's current run that a worker has."""
        ...

    async def submitted_steps(self, job: Job) -> Sequence[StepId]:
        """Name the steps that the queue has or is about to get, and that have not ended."""
        ...

    async def page(
        self,
        user_id: UserId,
        where: JobFilter = EVERY_JOB,
        *,
        limit: int,
        before: JobId | None = None,
        offset: int = 0,
        oldest_first: bool = False,
    ) -> JobPage:
        """Return a page, newest first unless said otherwise. `before` goes with the newest first only."""
        ...


class AssetReads(Protocol):
    """Reads of assets."""

    async def get(self, asset_id: AssetId) -> Asset | None: ...

    async def page(
        self, user_id: UserId, where: AssetFilter, *, limit: int, before: AssetId | None, offset: int
    ) -> AssetPage: ...


class AssetRemoval(Protocol):
    """Removes assets for good: their rows and events at once, their bytes soon after, whatever crashes in between."""

    async def remove(self, asset_id: AssetId, user_id: UserId) -> bool:
        """Return whether the user had such an asset."""
        ...

    async def step_types(self) -> list[str]:
        """Name the types of the steps that made the assets there are."""
        ...

    async def remove_older(self, step_type: str, than: datetime, *, limit: int) -> int:
        """Remove the oldest of what such steps made before that moment, and return how many assets that were."""
        ...


class DoomedObjects(Protocol):
    """The objects whose bytes are to be deleted."""

    def batch(self, limit: int) -> AbstractAsyncContextManager[Sequence[str]]:
        """Take keys that no other replica has taken; they are forgotten if the block ends well, else tried later."""
        ...


class LeftoverChecks(Protocol):
    """The jobs whose objects are to be looked over."""

    def batch(self, limit: int) -> AbstractAsyncContextManager[Mapping[JobId, Collection[str]]]:
        """Take jobs that have ended and that no other replica has taken, with the keys that their assets refer to.

        They are forgotten if the block ends well, else taken again a day later.
        """
        ...


class Folders(Protocol):
    """Lists and deletes what is stored for a job."""

    async def keys(self, folder: str, *, stored_before: datetime) -> list[str]:
        """Name what was stored in a folder before that moment; raises `OSError` as `delete` does."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete the objects that there are; raises `OSError` while the store refuses or does not answer."""
        ...


class Objects(Protocol):
    """Reads and deletes stored bytes."""

    async def size(self, key: str) -> int | None:
        """Return the size in bytes, or None if there is no such object."""
        ...

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to, not including, `end`."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete the objects that there are; raises `OSError` while the store refuses or does not answer."""
        ...
