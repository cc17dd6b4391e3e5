"""Rows of the credit ledger, and the lock of a user."""

from collections.abc import Sequence
from typing import Any

from darkroom_schemas.ids import UserId
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.accounts.ledger import LedgerEntry
from platform_api.domain.jobs.job import Job
from platform_api.store.tables.accounts import users


async def lock_additions(connection: AsyncConnection, user_id: UserId) -> None:
    """Let concurrent additions to what a user may have a limited number of count one another."""
    await connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True))


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
