"""Rows of the credit ledger."""

from collections.abc import Sequence
from typing import Any

from platform_api.domain.accounts.ledger import LedgerEntry
from platform_api.domain.jobs.job import Job


def ledger_rows(job: Job, entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """Return the rows for ledger entries of a job."""
    return [
        {
            "user_id": job.user_id,
            "kind": entry.kind.value,
            "amount_mc": entry.amount_mc,
            "job_id": job.id,
            "run": entry.of_run or job.run,
            "item": entry.item,
        }
        for entry in entries
    ]
