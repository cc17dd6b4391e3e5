"""Stores the deliveries of a batch of events, and the position after it, in one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from darkroom_chassis.database import Database
from darkroom_chassis.log_offset import LogOffset
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, TenantId
from darkroom_schemas.webhook import WebhookBody
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.events import EVENT_NAMES, webhook_data
from webhook_dispatcher.store.tables import deliveries, endpoint_queues, endpoints, messages, offsets

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
            return await _store(connection, [event for event in events if event.type in EVENT_NAMES])


async def _store(connection: AsyncConnection, events: Sequence[Event]) -> int:
    """Store messages and deliveries for events with subscribed endpoints. Returns the number of new deliveries."""
    if not events:
        return 0
    columns = (endpoints.c.id, endpoints.c.tenant, endpoints.c.events)
    active = select(*columns).where(endpoints.c.tenant.in_({event.tenant for event in events}), endpoints.c.active)
    # The lock prevents deletion of an endpoint before its deliveries are stored.
    known = (await connection.execute(active.with_for_update(read=True, key_share=True))).all()
    new = []
    for event in events:
        name = EVENT_NAMES[event.type]
        takers = [row.id for row in known if row.tenant == event.tenant and (not row.events or name in row.events)]
        if takers:
            new.append((Message(f"msg_{event.id}", event.tenant, name, body_of(event)), takers))
    return await enqueue(connection, new)


def body_of(event: Event) -> bytes:
    """Serialize the body. It is stored, so that every attempt sends and signs the same bytes."""
    moment = datetime.fromtimestamp(EventId.parse(event.id).ms / 1000, UTC)
    body = WebhookBody(type=EVENT_NAMES[event.type], timestamp=moment, data=webhook_data(event))
    return body.model_dump_json().encode()


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the endpoints of a tenant."""

    id: str
    tenant: TenantId
    event_type: str
    body: bytes


async def enqueue(connection: AsyncConnection, new: Sequence[tuple[Message, Sequence[str]]]) -> int:
    """Store messages and a due delivery for each of their endpoints. Existing ones stay unchanged.

    Returns the number of new deliveries.
    """
    if not new:
        return 0
    rows = [{"id": m.id, "tenant": m.tenant, "event_type": m.event_type, "body": m.body} for m, _ in new]
    await connection.execute(insert(messages).on_conflict_do_nothing(), rows)
    due = [{"message_id": message.id, "endpoint_id": taker} for message, takers in new for taker in takers]
    statement = insert(deliveries).values(next_at=func.now()).on_conflict_do_nothing().returning(deliveries.c.id)
    made = len((await connection.execute(statement, due)).all())
    await wake(connection, {row["endpoint_id"] for row in due})
    return made


async def wake(connection: AsyncConnection, endpoint_ids: Collection[str]) -> None:
    """Make queues due now, after storing deliveries.

    Locks the queues in the order of their ids. A claim that holds one may not have seen the deliveries.
    """
    rows = [{"endpoint_id": endpoint_id, "due_at": func.now()} for endpoint_id in sorted(endpoint_ids)]
    new = insert(endpoint_queues).values(rows)
    earlier = func.least(func.coalesce(endpoint_queues.c.due_at, new.excluded.due_at), new.excluded.due_at)
    await connection.execute(new.on_conflict_do_update(index_elements=["endpoint_id"], set_={"due_at": earlier}))
