"""The end of idempotency keys: they are kept for a day."""

from datetime import timedelta

from darkroom_chassis.database import Database
from sqlalchemy import delete, func

from platform_api.store.tables import idempotency_keys

KEPT = timedelta(hours=24)


async def delete_expired_keys(database: Database) -> int:
    """Delete the keys older than a day and return how many they were."""
    async with database.connect() as connection:
        expired = delete(idempotency_keys).where(idempotency_keys.c.created_at < func.now() - KEPT)
        return (await connection.execute(expired)).rowcount
