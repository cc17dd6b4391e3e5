"""A decided change of a job: everything that one transaction writes."""

from dataclasses import dataclass
from typing import Any

from darkroom_schemas.events import EventType
from darkroom_schemas.ids import StepId
from darkroom_schemas.job import HistoryEntry
from darkroom_schemas.step import StepSubmit

from platform_api.domain.accounts.ledger import LedgerEntry, LedgerKind
from platform_api.domain.assets.asset import Asset
from platform_api.domain.jobs.job import Job, JobState, Step


@dataclass(frozen=True, slots=True)
class SubmitStep:
    """Submit a step to the queue."""

    step: StepSubmit


@dataclass(frozen=True, slots=True)
class CancelStep:
    """Remove a waiting step from the queue, or stop a running one."""

    step_id: StepId
    reason: str


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Append an event to the log. Its id is written back to history entry `history_seq`."""

    type: EventType
    data: dict[str, Any]
    history_seq: int | None = None


OutboxItem = SubmitStep | CancelStep | EmitEvent


@dataclass(frozen=True, slots=True)
class Change:
    """A transition from `before` to `state`. `steps` are the changed steps.

    `source_event_id` deduplicates: an event is applied once.

    `discarded` are the keys of objects that nothing refers to; they will be deleted.
    """

    before: Job
    state: JobState
    steps: tuple[Step, ...]
    history: HistoryEntry
    outbox: tuple[OutboxItem, ...]
    source_event_id: str | None = None
    assets: tuple[Asset, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    discarded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restart:
    """The start of a job's next run; `before` is archived. `given_up` are the old run's unfinished steps."""

    before: Job
    state: JobState
    given_up: tuple[Step, ...]
    history: HistoryEntry
    outbox: tuple[OutboxItem, ...]
    ledger: tuple[LedgerEntry, ...]

    @property
    def debit_mc(self) -> int:
        """Return the amount to debit from the user's balance, net of what the old run releases."""
        return sum(e.amount_mc if e.kind is LedgerKind.RESERVE else -e.amount_mc for e in self.ledger)
