"""Lines of the credit ledger. Money is in thousandths of a credit."""

from dataclasses import dataclass
from enum import StrEnum


class LedgerKind(StrEnum):
    """Reserve at submission, capture what was delivered, release the rest: Σ reserve = Σ capture + Σ release."""

    GRANT = "grant"
    DEDUCTION = "deduction"
    RESERVE = "reserve"
    CAPTURE = "capture"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the credit ledger for a run of a job. `item` names the output that a capture pays for."""

    kind: LedgerKind
    amount_mc: int
    item: str | None = None
    of_run: int | None = None
    """The run that the entry belongs to, if it is not the job's current run."""
