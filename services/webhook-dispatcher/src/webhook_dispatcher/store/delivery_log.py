"""Reads an endpoint's deliveries, and enqueues test messages."""

from datetime import UTC, datetime

from darkroom_chassis.database import Database
from darkroom_schemas.webhook import TEST
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.delivery_log import AttemptRecord, Counts, DeliveryRecord, LogFilter
from webhook_dispatcher.domain.endpoint import Endpoint
from webhook_dispatcher.domain.events import Notice
from webhook_dispatcher.store.enqueue import Target, enqueue, message_of
from webhook_dispatcher.store.tables import attempts, deliveries, endpoint_queues, messages


class PostgresNewTests:
    """Implements `NewTests` in the connection's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def enqueue(self, endpoint: Endpoint, message_id: str) -> None:
        notice = Notice(message_id, endpoint.tenant, (TEST,), datetime.now(UTC), {"webhook_id": endpoint.id})
        await enqueue(self._connection, [message_of(notice, [Target(endpoint.id, TEST)])])


class PostgresDeliveryLog:
    """Implements `DeliveryLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, endpoint_id: str) -> Counts:
        ended = select(endpoint_queues.c.delivered, endpoint_queues.c.failed)
        mine = select(func.count()).where(deliveries.c.endpoint_id == endpoint_id)
        pending = mine.where(deliveries.c.status == "pending")
        async with self._database.connect() as connection:
            queue = (await connection.execute(ended.where(endpoint_queues.c.endpoint_id == endpoint_id))).one_or_none()
            delivered, failed = (queue.delivered, queue.failed) if queue else (0, 0)
            waiting = (await connection.execute(pending)).scalar_one()
            retrying = (await connection.execute(pending.where(deliveries.c.attempts > 0))).scalar_one()
            missed = (await connection.execute(mine.where(deliveries.c.status == "missed"))).scalar_one()
        return Counts(delivered, failed, waiting, retrying, missed)

    async def newest(self, endpoint_id: str, chosen: LogFilter, *, limit: int) -> list[DeliveryRecord]:
        event_type = func.coalesce(deliveries.c.event_type, messages.c.event_type).label("named")
        statement = (
            select(deliveries, event_type)
            .join(messages, messages.c.id == deliveries.c.message_id)
            .where(deliveries.c.endpoint_id == endpoint_id)
            .order_by(deliveries.c.id.desc())
            .limit(limit)
        )
        if chosen.before is not None:
            statement = statement.where(deliveries.c.id < chosen.before)
        if chosen.status is not None:
            statement = statement.where(deliveries.c.status == chosen.status)
        if chosen.event_type is not None:
            statement = statement.where(deliveries.c.event_type == chosen.event_type)
        if chosen.since is not None:
            statement = statement.where(deliveries.c.created_at >= chosen.since)
        if chosen.until is not None:
            statement = statement.where(deliveries.c.created_at < chosen.until)
        async with self._database.connect() as connection:
            return [
                DeliveryRecord(
                    r.id, r.message_id, r.named, r.status, r.attempts, r.next_at, r.last_status, r.last_error,
                    r.created_at,
                )
                for r in await connection.execute(statement)
            ]  # fmt: skip

    async def attempts(self, endpoint_id: str, delivery_id: int) -> list[AttemptRecord] | None:
        mine = select(deliveries.c.id).where(deliveries.c.id == delivery_id, deliveries.c.endpoint_id == endpoint_id)
        made = select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.number)
        async with self._database.connect() as connection:
            if (await connection.execute(mine)).one_or_none() is None:
                return None
            return [
                AttemptRecord(
                    r.number, r.status, r.error, r.duration_s, r.at,
                    None if r.answer is None else r.answer.decode(errors="replace").replace("\x00", "\ufffd"),
                )
                for r in await connection.execute(made)
            ]  # fmt: skip
