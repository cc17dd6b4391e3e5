"""Credit statements, and manual adjustments by operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from darkroom_schemas.ids import JobId, UserId

from platform_api.domain.accounts.ledger import LedgerKind
from platform_api.domain.errors import InvalidParameter

MAX_ADJUSTMENT_MC = 10**12
MAX_NOTE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of the ledger. `change_mc` is its effect on the balance; `balance_mc` is the balance after it."""

    id: int
    kind: LedgerKind
    amount_mc: int
    change_mc: int
    balance_mc: int
    job_id: JobId | None
    run: int | None
    item: str | None
    note: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """One page, newest first. `reserved_mc` is reserved for active jobs; `cursor` continues after the last line."""

    balance_mc: int
    reserved_mc: int
    lines: Sequence[StatementLine]
    cursor: int | None


class Credits(Protocol):
    """Reads the ledger."""

    async def statement(self, user_id: UserId, *, limit: int, before: int | None) -> Statement | None:
        """Return one page from a single snapshot of the database; None if there is no such user."""
        ...


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Credits added, or deducted if the amount is negative, by an operator. `actor` identifies the operator."""

    user_id: UserId
    amount_mc: int
    note: str | None
    actor: str


class CreditChanges(Protocol):
    """Changes a balance inside the caller's transaction."""

    async def adjust(self, adjustment: Adjustment) -> int:
        """Return the new balance; raises `UnknownUser`, or `BalanceTooLow` if it would fall below zero."""
        ...


async def adjust_credits(adjustment: Adjustment, *, credits: CreditChanges) -> int:
    """Add or deduct credits and return the new balance in thousandths; raises `InvalidParameter` and as `adjust`."""
    if not 0 < abs(adjustment.amount_mc) <= MAX_ADJUSTMENT_MC:
        bound = MAX_ADJUSTMENT_MC // 1000
        raise InvalidParameter("amount", f"must be at least 0.001 credits, added or deducted, and at most {bound:,}")
    return await credits.adjust(adjustment)
