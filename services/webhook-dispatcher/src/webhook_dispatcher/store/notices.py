"""Stores events as deliveries to the endpoints of their tenants that receive them."""

from collections.abc import Sequence

from darkroom_chassis.database import Database
from darkroom_schemas.ids import TenantId
from darkroom_schemas.webhook import ENDPOINT_DISABLED
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.events import Notice
from webhook_dispatcher.store.enqueue import enqueue, message_of
from webhook_dispatcher.store.subscribers import subscribers_of, targets_of
from webhook_dispatcher.store.tables import endpoints


async def store_notices(connection: AsyncConnection, notices: Sequence[Notice]) -> int:
    """Store events that concern no job. Returns the number of new deliveries."""
    subscribers = await subscribers_of(connection, {notice.tenant for notice in notices})
    new = []
    for notice in notices:
        targets = targets_of(notice, subscribers.get(notice.tenant, ()))
        if targets:
            new.append(message_of(notice, targets))
    return await enqueue(connection, new)


class PostgresDisabledNotices:
    """Implements `DisabledNotices`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self) -> int:
        columns = (endpoints.c.id, endpoints.c.tenant, endpoints.c.url, endpoints.c.disabled_reason, func.now())
        due = update(endpoints).where(endpoints.c.notice_due).values(notice_due=False).returning(*columns)
        async with self._database.begin() as connection:
            notices = []
            for endpoint_id, tenant, url, reason, moment in (await connection.execute(due)).all():
                message_id = f"msg_disabled_{endpoint_id}_{int(moment.timestamp() * 1000)}"
                data = {"webhook_id": endpoint_id, "url": url, "reason": reason}
                notices.append(Notice(message_id, TenantId(tenant), (ENDPOINT_DISABLED,), moment, data))
            return await store_notices(connection, notices) if notices else 0
