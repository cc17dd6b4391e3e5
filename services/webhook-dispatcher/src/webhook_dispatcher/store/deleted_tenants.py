"""Deletes what is stored for a user that was deleted."""

from darkroom_schemas.ids import SYSTEM_TENANT, TenantId
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.store.tables import deliveries, endpoints, idempotency_keys, messages


async def delete_tenant(connection: AsyncConnection, tenant: TenantId) -> None:
    """Delete the endpoints, deliveries, messages and idempotency keys of a tenant, in the caller's transaction.

    Copies of messages that operators' endpoints alone received remain until their retention ends.
    """
    if tenant == SYSTEM_TENANT:
        return
    own = select(endpoints.c.id).where(endpoints.c.tenant == tenant)
    received = select(deliveries.c.message_id).where(deliveries.c.endpoint_id.in_(own))
    await connection.execute(delete(messages).where(messages.c.id.in_(received)))
    await connection.execute(delete(endpoints).where(endpoints.c.tenant == tenant))
    await connection.execute(delete(idempotency_keys).where(idempotency_keys.c.tenant == tenant))
