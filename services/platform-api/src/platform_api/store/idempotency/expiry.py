"""Expiry of idempotency keys, which are stored for a day."""

from darkroom_chassis.database import Database
from darkroom_chassis.expired_rows import delete_older
from darkroom_chassis.idempotency import KEPT
from sqlalchemy import func

from platform_api.store.tables.idempotency import idempotency_keys, operator_idempotency_keys


async def delete_expired_keys(database: Database) -> int:
    """Delete the keys older than a day and return their number."""
    tables = (idempotency_keys, operator_idempotency_keys)
    return sum([await delete_older(database, table.c.created_at, func.now() - KEPT) for table in tables])
