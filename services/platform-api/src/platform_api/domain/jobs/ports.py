"""What jobs need of the outside world."""

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
from platform_api.domain.jobs.job import Job, JobState


@dataclass(frozen=True, slots=True)
class NewJob:
    """Everything that accepting a job writes."""

    state: JobState
    history: HistoryEntry
    ledger: tuple[LedgerEntry, ...]
    outbox: tuple[OutboxItem, ...]
    idempotency: KeyedAnswer | None


class JobSubmissions(Protocol):
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

    async def scan_for_orphans(self, job_ids: Collection[JobId]) -> None:
        """Have what the jobs have stored looked over later, for objects that nothing refers to."""
        ...

    async def restart(self, restart: Restart) -> None:
        """Back the job up and write its new run; raises `NotEnoughCredits`."""
        ...

    async def enqueue(self, items: Sequence[tuple[Job, OutboxItem]]) -> None:
        """Append to the outbox without changing the jobs."""
        ...


class JobsTransaction(Protocol):
    """Opens a transaction: committed when the block ends, rolled back when it raises."""

    def __call__(self) -> AbstractAsyncContextManager[JobChanges]: ...


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
