"""A store in memory: replaces PostgreSQL in unit tests, and passes the same conformance suite."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from darkroom_chassis.idempotency import IdempotencyKey, KeyReused
from darkroom_schemas.ids import JobId, UserId
from platform_api.domain.accounts.ledger import LedgerKind
from platform_api.domain.answers import Answer, KeyedAnswer
from platform_api.domain.errors import NotEnoughCredits, UnknownUser
from platform_api.domain.jobs.change import Change, OutboxItem, Restart
from platform_api.domain.jobs.job import Job, JobState
from platform_api.domain.jobs.ports import NewJob


@dataclass
class MemoryStore:
    """Implements `JobSubmissions` and `JobChanges`."""

    balances: dict[UserId, int] = field(default_factory=dict)
    states: dict[JobId, JobState] = field(default_factory=dict)
    outbox: list[OutboxItem] = field(default_factory=list)
    ledger: list[tuple[JobId, str, int]] = field(default_factory=list)
    captures: set[tuple[JobId, str | None]] = field(default_factory=set)
    keys: dict[tuple[UserId, str], KeyedAnswer] = field(default_factory=dict)
    sources: set[tuple[JobId, str]] = field(default_factory=set)
    discarded: list[str] = field(default_factory=list)

    async def accept(self, new: NewJob) -> Answer | None:
        job, keyed = new.state.job, new.idempotency
        if keyed and (kept := await self.earlier(job.user_id, IdempotencyKey(keyed.key, keyed.fingerprint))):
            return kept
        if job.user_id not in self.balances:
            raise UnknownUser
        if self.balances[job.user_id] < job.price_mc:
            raise NotEnoughCredits(job.price_mc, self.balances[job.user_id])
        self.balances[job.user_id] -= job.price_mc
        self.states[job.id] = new.state
        self.ledger += [(job.id, entry.kind, entry.amount_mc) for entry in new.ledger]
        self.outbox += new.outbox
        if new.idempotency:
            self.keys[job.user_id, new.idempotency.key] = new.idempotency
        return None

    async def earlier(self, user_id: UserId, asked: IdempotencyKey) -> Answer | None:
        kept = self.keys.get((user_id, asked.key))
        if kept and kept.fingerprint != asked.fingerprint:
            raise KeyReused
        return Answer(kept.body, replayed=True) if kept else None

    async def load(self, job_ids: Iterable[JobId]) -> dict[JobId, JobState]:
        return {job_id: self.states[job_id] for job_id in job_ids if job_id in self.states}

    async def applied(self, pairs: Sequence[tuple[JobId, str]]) -> set[tuple[JobId, str]]:
        return self.sources & set(pairs)

    async def save(self, changes: Sequence[Change]) -> None:
        for change in changes:
            job = change.state.job
            self.states[job.id] = change.state
            self.outbox += change.outbox
            self.ledger += [(job.id, entry.kind, entry.amount_mc) for entry in change.ledger]
            self.balances[job.user_id] += sum(e.amount_mc for e in change.ledger if e.kind is LedgerKind.RELEASE)
            self.captures |= {(job.id, e.item) for e in change.ledger if e.kind is LedgerKind.CAPTURE}
            if change.source_event_id:
                self.sources.add((job.id, change.source_event_id))

    async def discard(self, keys: Sequence[str]) -> None:
        self.discarded += keys

    async def scan_for_orphans(self, job_ids: Collection[JobId]) -> None:
        """Nothing is stored here that a later scan could find."""

    async def restart(self, restart: Restart) -> None:
        job = restart.state.job
        if self.balances[job.user_id] < restart.debit_mc:
            raise NotEnoughCredits(restart.debit_mc, self.balances[job.user_id])
        self.balances[job.user_id] -= restart.debit_mc
        paid = {str(item) for job_id, item in self.captures if job_id == job.id}
        self.states[job.id] = JobState(job, restart.state.steps, frozenset(paid))
        self.outbox += restart.outbox
        self.ledger += [(job.id, entry.kind, entry.amount_mc) for entry in restart.ledger]

    async def enqueue(self, items: Sequence[tuple[Job, OutboxItem]]) -> None:
        for job, item in items:
            assert job.id in self.states
            self.outbox.append(item)
