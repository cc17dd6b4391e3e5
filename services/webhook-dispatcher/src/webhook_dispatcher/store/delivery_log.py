"""Reads an endpoint's deliveries, and enqueues test messages."""

from datetime import UTC, datetime

from darkroom_chassis.database import Database
from darkroom_schemas.webhook import WebhookBody
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.endpoint import DeliveryRecord, Endpoint
from webhook_dispatcher.domain.events import TEST_EVENT
from webhook_dispatcher.store.intake import Message, enqueue
from webhook_dispatcher.store.tables import deliveries, messages


class PostgresNewTests:
    """Implements `NewTests` in the connection's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def enqueue(self, endpoint: Endpoint, message_id: str) -> None:
        body = WebhookBody(type=TEST_EVENT, timestamp=datetime.now(UTC), data={"webhook_id": endpoint.id})
        message = Message(message_id, endpoint.tenant, TEST_EVENT, body.model_dump_json().encode())
        await enqueue(self._connection, [(message, [endpoint.id])])


class PostgresDeliveryLog:
    """Implements `DeliveryLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stats(self, endpoint_id: str) -> dict[str, int]:
        mine = select(deliveries.c.status, func.count()).where(deliveries.c.endpoint_id == endpoint_id)
        async with self._database.connect() as connection:
            return {row[0]: row[1] for row in await connection.execute(mine.group_by(deliveries.c.status))}

    async def retrying(self, endpoint_id: str) -> int:
        mine = select(func.count()).where(deliveries.c.endpoint_id == endpoint_id)
        async with self._database.connect() as connection:
            waiting = mine.where(deliveries.c.status == "pending", deliveries.c.attempts > 0)
            return (await connection.execute(waiting)).scalar_one()

    async def newest(self, endpoint_id: str, *, limit: int, before: int | None) -> list[DeliveryRecord]:
        statement = (
            select(deliveries, messages.c.event_type)
            .join(messages, messages.c.id == deliveries.c.message_id)
            .where(deliveries.c.endpoint_id == endpoint_id)
            .order_by(deliveries.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(deliveries.c.id < before)
        async with self._database.connect() as connection:
            return [
                DeliveryRecord(
                    r.id, r.message_id, r.event_type, r.status, r.attempts, r.next_at, r.last_status, r.last_error,
                    r.created_at,
                )
                for r in await connection.execute(statement)
            ]  # fmt: skip
