"""Interfaces to the storage of jobs."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from darkroom_chassis.idempotency import IdempotencyKey
from darkroom_schemas.ids import JobId, StepId, UserId
from darkroom_schemas.job import HistoryEntry
from darkroom_schemas.status import JobStatus

from platform_api.domain.accounts.ledger import LedgerEntry
from platform_api.domain.answers import Answer, KeyedAnswer
from platform_api.domain.jobs.change import Change, OutboxItem, Restart
from platform_api.domain.jobs.filters import EVERY_JOB, JobFilter
from platform_api.domain.jobs.job import Job, JobState, Step


@dataclass(frozen=True, slots=True)
class NewJob:
    """All rows that the acceptance of a job writes."""

    state: JobState
    history: HistoryEntry
    ledger: tuple[LedgerEntry, ...]
    outbox: tuple[OutboxItem, ...]
    idempotency: KeyedAnswer | None


class JobSubmissions(Protocol):
    """Writes a new job and reserves its credits, atomically."""

    async def accept(self, new: NewJob) -> Answer | None:
        """Return None if the job is new, or the stored response of an identical earlier request.

        Raises `NotEnoughCredits`, `UnknownUser`, `KeyReused` or `KeyInUse`.
        """
        ...

    async def earlier(self, user_id: UserId, asked: IdempotencyKey) -> Answer | None:
        """Return the stored response of the same request; raises `KeyReused` if the request differs."""
        ...


class Backlog(Protocol):
    """Number of waiting steps, possibly a few seconds old."""

    async def queued(self) -> Mapping[str, int]:
        """Return the number of waiting steps by type."""
        ...

    def add(self, step_type: str) -> None:
        """Count a step that was just accepted."""
        ...


class JobChanges(Protocol):
    """Locks and reads jobs, and writes decided changes, inside the caller's transaction."""

    async def load(self, job_ids: Iterable[JobId]) -> dict[JobId, JobState]:
        """Lock and return the jobs that exist."""
        ...

    async def save(self, changes: Sequence[Change]) -> None:
        """Write the changes in order. Source events must not have been applied before; see `applied`."""
        ...

    async def applied(self, pairs: Sequence[tuple[JobId, str]]) -> set[tuple[JobId, str]]:
        """Return the (job, source event id) pairs that were applied before."""
        ...

    async def discard(self, keys: Sequence[str]) -> None:
        """Schedule objects that nothing refers to for deletion."""
        ...

    async def scan_for_orphans(self, job_ids: Collection[JobId]) -> None:
        """Schedule a check of the jobs' objects for orphans."""
        ...

    async def restart(self, restart: Restart) -> None:
        """Archive the job and write its next run; raises `NotEnoughCredits`."""
        ...

    async def enqueue(self, items: Sequence[tuple[Job, OutboxItem]]) -> None:
        """Append to the outbox without changing the jobs."""
        ...


class JobsTransaction(Protocol):
    """Opens a transaction. It commits when the block ends and rolls back if the block raises."""

    def __call__(self) -> AbstractAsyncContextManager[JobChanges]: ...


@dataclass(frozen=True, slots=True)
class StepRef:
    """A step, its job, and the step's status in the database."""

    id: StepId
    job_id: JobId
    status: JobStatus


class StaleSteps(Protocol):
    """Finds steps whose state the reconciler compares with the queue, a few hundred at a time."""

    def pending(
        self, submitted_before: datetime, submitted_after: datetime | None = None
    ) -> AsyncIterator[Sequence[StepRef]]:
        """Yield the active steps that were submitted before the one moment and after the other."""
        ...

    def revoked(self, finished_after: datetime) -> AsyncIterator[Sequence[StepRef]]:
        """Yield the steps that ended here after that moment without completing."""
        ...


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page, newest first; `cursor` continues after the last item."""

    jobs: tuple[Job, ...]
    cursor: JobId | None
    total: int
    total_is_exact: bool = True


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job and its history at one moment. The events of the first `announced_seq` entries are in the log."""

    job: Job
    history: tuple[HistoryEntry, ...]
    announced_seq: int

    @property
    def announced(self) -> bool:
        return self.announced_seq == self.job.history_seq


class JobSnapshots(Protocol):
    """Reads a job with its history. Jobs of other users do not exist for the caller."""

    async def snapshot(self, job_id: JobId, user_id: UserId) -> JobSnapshot | None: ...


class JobPages(Protocol):
    """Reads a user's jobs. Jobs of other users do not exist for the caller."""

    async def get(self, job_id: JobId, user_id: UserId) -> Job | None: ...

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
        """Return a page. `before` requires the default order, newest first."""
        ...


class JobReads(JobSnapshots, JobPages, Protocol):
    """Everything that routes read of jobs."""

    async def steps(self, job: Job) -> Sequence[Step]:
        """Return the steps of the current run, in order."""
        ...

    async def running_steps(self, job: Job) -> Sequence[StepId]:
        """Return the ids of the current run's steps that are running on a worker."""
        ...

    async def submitted_steps(self, job: Job) -> Sequence[StepId]:
        """Return the ids of the submitted steps that have not ended."""
        ...
