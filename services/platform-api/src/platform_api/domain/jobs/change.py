"""A decided change of a job: everything that one transaction writes, and nothing decided later."""

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
    """Hand a step to the queue."""

    step: StepSubmit


@dataclass(frozen=True, slots=True)
class CancelStep:
    """Take a step back from the queue, or stop it."""

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
    """From `before` to `state`. `steps` are those that changed; `source_event_id` makes a repeat visible.

    `discarded` are the keys of objects that nobody will ask for.
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
    """A new run of a job: what it was is backed up. `given_up` are the old run's steps that had not ended."""

    before: Job
    state: JobState
    given_up: tuple[Step, ...]
    history: HistoryEntry
    outbox: tuple[OutboxItem, ...]
    ledger: tuple[LedgerEntry, ...]

    @property
    def debit_mc(self) -> int:
        """Return what the user's balance pays beyond what the old run gives back."""
        return sum(e.amount_mc if e.kind is LedgerKind.RESERVE else -e.amount_mc for e in self.ledger)
