"""Stores messages with their deliveries, and wakes the queues of their endpoints."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from darkroom_schemas.ids import TenantId
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.delivery import DeliveryStatus
from webhook_dispatcher.domain.events import Notice

# One row of arrays for each statement: an INSERT of many rows costs the driver as much as sending the webhooks.
_MESSAGES = text("""
INSERT INTO webhooks.messages (id, tenant, event_type, body, traceparent)
SELECT * FROM unnest(
    CAST(:ids AS text[]), CAST(:tenants AS text[]), CAST(:event_types AS text[]), CAST(:bodies AS bytea[]),
    CAST(:traceparents AS text[])
)
ON CONFLICT DO NOTHING
""")
_DELIVERIES = text("""
INSERT INTO webhooks.deliveries (message_id, endpoint_id, status, event_type, url, next_at)
SELECT due.*, CASE WHEN due.status = 'pending' THEN now() END
FROM unnest(
    CAST(:message_ids AS text[]), CAST(:endpoint_ids AS uuid[]), CAST(:statuses AS text[]),
    CAST(:event_types AS text[]), CAST(:urls AS text[])
) AS due (message_id, endpoint_id, status, event_type, url)
ON CONFLICT DO NOTHING
RETURNING endpoint_id, status
""")
_WAKE = text("""
INSERT INTO webhooks.endpoint_queues AS queue (endpoint_id, due_at)
SELECT woken.endpoint_id, now() FROM unnest(CAST(:endpoint_ids AS uuid[])) AS woken (endpoint_id)
ORDER BY woken.endpoint_id
ON CONFLICT (endpoint_id) DO UPDATE SET due_at = least(coalesce(queue.due_at, excluded.due_at), excluded.due_at)
""")


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
    columns = {
        "ids": [message.id for message in new],
        "tenants": [message.tenant for message in new],
        "event_types": [message.event_type for message in new],
        "bodies": [message.body for message in new],
        "traceparents": [message.traceparent for message in new],
    }
    await connection.execute(_MESSAGES, columns)
    made = await _store_deliveries(connection, [(m.id, target) for m in new for target in m.targets])
    pending = [endpoint_id for endpoint_id, status in made if status == DeliveryStatus.PENDING]
    if pending:
        await wake(connection, set(pending))
    return len(pending)


async def _store_deliveries(connection: AsyncConnection, due: Sequence[tuple[str, Target]]) -> list[tuple[str, str]]:
    """Store deliveries of messages to targets, and return the endpoint and the status of each new one."""
    columns = {
        "message_ids": [message_id for message_id, _ in due],
        "endpoint_ids": [target.endpoint_id for _, target in due],
        "statuses": [DeliveryStatus.PENDING if target.active else DeliveryStatus.MISSED for _, target in due],
        "event_types": [target.event_type for _, target in due],
        "urls": [target.url for _, target in due],
    }
    found = await connection.execute(_DELIVERIES, columns)
    return [(str(endpoint_id), status) for endpoint_id, status in found.all()]


async def wake(connection: AsyncConnection, endpoint_ids: Collection[str]) -> None:
    """Make queues due now, after storing deliveries.

    Locks the queues in the order of their ids. A claim that holds one may not have seen the deliveries.
    """
    await connection.execute(_WAKE, {"endpoint_ids": list(endpoint_ids)})
