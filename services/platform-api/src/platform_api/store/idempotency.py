"""The end of idempotency keys: they are kept for a day."""

from datetime import timedelta

from darkroom_chassis.database import Database
from sqlalchemy import func

from platform_api.store.expired_rows import delete_older
from platform_api.store.tables import idempotency_keys

KEPT = timedelta(hours=24)


async def delete_expired_keys(database: Database) -> int:
    """Delete the keys older than a day and return how many they were."""
    return await delete_older(database, idempotency_keys.c.created_at, func.now() - KEPT)
