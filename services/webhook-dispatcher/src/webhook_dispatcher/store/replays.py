"""Makes deliveries that have ended pending again. Their schedule starts over, their attempts are counted on."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.delivery_log import Replayed
from webhook_dispatcher.store.enqueue import wake

_LOCK = text("SELECT FROM webhooks.endpoint_queues WHERE endpoint_id = :endpoint FOR UPDATE")
_ONE = text("""
    WITH chosen AS (
        SELECT id, status FROM webhooks.deliveries WHERE id = :id AND endpoint_id = :endpoint FOR UPDATE
    ), again AS (
        UPDATE webhooks.deliveries AS delivery
        SET status = 'pending', next_at = now(), replayed_from = delivery.attempts
        FROM chosen WHERE delivery.id = chosen.id AND chosen.status <> 'pending'
    )
    SELECT status FROM chosen
""")
_MANY = text("""
    WITH chosen AS (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM (
            SELECT id FROM webhooks.deliveries
            WHERE endpoint_id = :endpoint AND status = :status
                AND created_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
            ORDER BY id
            LIMIT :limit
            FOR UPDATE
        ) AS oldest
    )
    UPDATE webhooks.deliveries AS delivery
    SET status = 'pending', next_at = now() + make_interval(secs => chosen.place / CAST(:rate AS float8)),
        replayed_from = delivery.attempts
    FROM chosen WHERE delivery.id = chosen.id
""")
_UNCOUNT = text("""
    UPDATE webhooks.endpoint_queues
    SET delivered = greatest(0, delivered - :delivered), failed = greatest(0, failed - :failed)
    WHERE endpoint_id = :endpoint
""")


class PostgresReplays:
    """Implements `Replays` in the connection's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def one(self, endpoint_id: str, delivery_id: int) -> bool:
        await self._execute(_LOCK, endpoint=endpoint_id)
        row = (await self._execute(_ONE, endpoint=endpoint_id, id=delivery_id)).one_or_none()
        if row is None:
            return False
        counted = {"delivered": int(row.status == "delivered"), "failed": int(row.status == "failed")}
        await self._execute(_UNCOUNT, endpoint=endpoint_id, **counted)
        await wake(self._connection, [endpoint_id])
        return True

    async def many(
        self, endpoint_id: str, what: Replayed, *, since: datetime | None, rate_per_s: float, limit: int
    ) -> int:
        await self._execute(_LOCK, endpoint=endpoint_id)
        values = {"status": what.value, "since": since, "rate": rate_per_s, "limit": limit}
        again: int = (await self._execute(_MANY, endpoint=endpoint_id, **values)).rowcount
        if again:
            failed = again if what is Replayed.FAILED else 0
            await self._execute(_UNCOUNT, endpoint=endpoint_id, delivered=0, failed=failed)
            await wake(self._connection, [endpoint_id])
        return again

    async def _execute(self, statement: Any, **values: Any) -> Any:  # Any: SQLAlchemy's textual statements and rows
        return await self._connection.execute(statement, values)
