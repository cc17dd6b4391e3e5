"""From the event log to deliveries: a batch, and the position after it, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from darkroom_chassis.database import Database
from darkroom_chassis.log_offset import LogOffset
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, TenantId
from darkroom_schemas.webhook import WebhookBody
from sqlalchemy import func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.events import EVENT_NAMES, webhook_data
from webhook_dispatcher.store.tables import deliveries, endpoints, messages, offsets

READER = "webhook-dispatcher:0"


class PostgresIntake:
    """Implements `Intake` for shard 0."""

    def __init__(self, database: Database) -> None:
        self._database, self._offset = database, LogOffset(database, offsets, READER)

    async def position(self) -> EventId | None:
        return await self._offset.position()

    async def take(self, events: Sequence[Event], *, after: EventId | None, upto: EventId) -> int | None:
        async with self._database.begin() as connection:
            if not await self._offset.move(connection, after, upto):
                return None
            return sum([await _store(connection, event) for event in events if event.type in EVENT_NAMES])


async def _store(connection: AsyncConnection, event: Event) -> int:
    name, message_id = EVENT_NAMES[event.type], f"msg_{event.id}"
    wanted = or_(func.cardinality(endpoints.c.events) == 0, endpoints.c.events.any(name))
    mine = select(endpoints.c.id).where(endpoints.c.tenant == event.tenant, endpoints.c.active, wanted)
    if not (takers := (await connection.execute(mine)).scalars().all()):
        return 0
    return await enqueue(connection, Message(message_id, event.tenant, name, body_of(event)), takers)


def body_of(event: Event) -> bytes:
    """Write the body once, so that every attempt sends and signs the same bytes."""
    moment = datetime.fromtimestamp(EventId.parse(event.id).ms / 1000, UTC)
    body = WebhookBody(type=EVENT_NAMES[event.type], timestamp=moment, data=webhook_data(event))
    return body.model_dump_json().encode()


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, and to whose endpoints."""

    id: str
    tenant: TenantId
    event_type: str
    body: bytes


async def enqueue(connection: AsyncConnection, message: Message, takers: Sequence[str]) -> int:
    """Store a message and a due delivery for each taker; what is there already stays as it is."""
    stored = insert(messages).values(
        id=message.id, tenant=message.tenant, event_type=message.event_type, body=message.body
    )
    await connection.execute(stored.on_conflict_do_nothing())
    rows = select(literal(message.id), endpoints.c.id, func.now()).where(endpoints.c.id.in_(takers))
    new = insert(deliveries).from_select(["message_id", "endpoint_id", "next_at"], rows).on_conflict_do_nothing()
    return len((await connection.execute(new.returning(deliveries.c.id))).all())
