"""Stores messages with their deliveries, and wakes the queues of their endpoints."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from darkroom_schemas.ids import TenantId
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.events import Notice
from webhook_dispatcher.store.tables import deliveries, endpoint_queues, messages


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint that receives a message. `url` replaces the endpoint's, for the webhook of a single job.

    To an endpoint that is disabled, the delivery counts as missed and can be replayed.
    """

    endpoint_id: str
    event_type: str
    active: bool = True
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message and the endpoints that receive it. `event_type` is the type in its body."""

    id: str
    tenant: TenantId
    event_type: str
    body: bytes
    targets: tuple[Target, ...]
    traceparent: str | None = None


def message_of(notice: Notice, targets: Sequence[Target]) -> Message:
    """Return an event as a message to endpoints."""
    return Message(notice.message_id, notice.tenant, notice.names[0], notice.body(), tuple(targets), notice.traceparent)


async def enqueue(connection: AsyncConnection, new: Sequence[Message]) -> int:
    """Store messages and their deliveries, due now. Existing ones stay unchanged.

    Returns the number of new deliveries.
    """
    if not new:
        return 0
    rows = [
        {"id": m.id, "tenant": m.tenant, "event_type": m.event_type, "body": m.body, "traceparent": m.traceparent}
        for m in new
    ]
    await connection.execute(insert(messages).on_conflict_do_nothing(), rows)
    due = [
        {
            "message_id": message.id,
            "endpoint_id": target.endpoint_id,
            "status": "pending" if target.active else "missed",
            "event_type": target.event_type,
            "url": target.url,
        }
        for message in new
        for target in message.targets
    ]
    statement = insert(deliveries).on_conflict_do_nothing().returning(deliveries.c.id)
    pending = [row for row in due if row["status"] == "pending"]
    missed = [row for row in due if row["status"] == "missed"]
    made = 0
    if pending:
        made += len((await connection.execute(statement.values(next_at=func.now()), pending)).all())
        await wake(connection, {str(row["endpoint_id"]) for row in pending})
    if missed:
        await connection.execute(statement, missed)
    return made


async def wake(connection: AsyncConnection, endpoint_ids: Collection[str]) -> None:
    """Make queues due now, after storing deliveries.

    Locks the queues in the order of their ids. A claim that holds one may not have seen the deliveries.
    """
    rows = [{"endpoint_id": endpoint_id, "due_at": func.now()} for endpoint_id in sorted(endpoint_ids)]
    new = insert(endpoint_queues).values(rows)
    earlier = func.least(func.coalesce(endpoint_queues.c.due_at, new.excluded.due_at), new.excluded.due_at)
    await connection.execute(new.on_conflict_do_update(index_elements=["endpoint_id"], set_={"due_at": earlier}))
