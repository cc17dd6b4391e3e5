"""Deletes old messages with their deliveries and attempts, in batches, by age and by number."""

from datetime import timedelta

from darkroom_chassis.database import Database
from darkroom_chassis.expired_rows import BATCH, delete_older
from sqlalchemy import func, text

from webhook_dispatcher.store.tables import fleet, job_webhooks, messages

_OLDEST = text("""
    WITH excess AS (
        SELECT delivery.id, delivery.message_id FROM webhooks.deliveries AS delivery
        WHERE delivery.status <> 'pending'
            AND delivery.id <= (SELECT max(id) FROM webhooks.deliveries) - CAST(:kept AS bigint)
        ORDER BY delivery.id
        LIMIT :batch
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM webhooks.deliveries AS delivery USING excess WHERE delivery.id = excess.id
    RETURNING delivery.message_id
""")
_UNUSED = text("""
    DELETE FROM webhooks.messages AS message
    WHERE message.id = ANY (:ids)
        AND NOT EXISTS (SELECT FROM webhooks.deliveries AS delivery WHERE delivery.message_id = message.id)
""")

_UNUSED_ORIGINS = text("""
    DELETE FROM webhooks.endpoints AS endpoint
    WHERE endpoint.origin IS NOT NULL AND endpoint.created_at < now() - make_interval(secs => :days * 86400)
        AND NOT EXISTS (SELECT FROM webhooks.job_webhooks AS job WHERE job.endpoint_id = endpoint.id)
        AND NOT EXISTS (SELECT FROM webhooks.deliveries AS delivery WHERE delivery.endpoint_id = endpoint.id)
""")


async def delete_old(database: Database, *, days: float) -> int:
    """Delete the messages older than `days`, with all of their deliveries, and return their number."""
    return await delete_older(database, messages.c.created_at, func.now() - timedelta(days=days))


async def delete_excess(database: Database, *, kept: int) -> int:
    """Delete the oldest deliveries that have ended, while there are more than about `kept`. Returns their number."""
    deleted = 0
    while True:
        async with database.begin() as connection:
            ids = (await connection.execute(_OLDEST, {"kept": kept, "batch": BATCH})).scalars().all()
            await connection.execute(_UNUSED, {"ids": list(set(ids))})
        deleted += len(ids)
        if len(ids) < BATCH:
            return deleted


async def delete_old_job_webhooks(database: Database, *, days: float) -> int:
    """Delete the webhooks of jobs older than `days`, the origins without any, and states of the fleet as old."""
    before = func.now() - timedelta(days=days)
    deleted = await delete_older(database, job_webhooks.c.created_at, before)
    await delete_older(database, fleet.c.seen_at, before)
    async with database.connect() as connection:
        await connection.execute(_UNUSED_ORIGINS, {"days": days})
    return deleted
