"""Stores the deliveries of a batch of events, and the position after it, in one transaction."""

from collections.abc import Sequence

from darkroom_chassis.database import Database
from darkroom_chassis.log_offset import LogOffset
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import SYSTEM_TENANT, EventId
from darkroom_schemas.webhook import name_for
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.events import Notice, read_event
from webhook_dispatcher.domain.ports import SecretBox
from webhook_dispatcher.store.deleted_tenants import delete_tenant
from webhook_dispatcher.store.enqueue import Target, enqueue, message_of
from webhook_dispatcher.store.job_webhooks import store_job_webhooks, webhooks_of
from webhook_dispatcher.store.subscribers import operators_targets_of, subscribers_of, targets_of
from webhook_dispatcher.store.tables import offsets

READER = "webhook-dispatcher:0"


class PostgresIntake:
    """Implements `Intake` for shard 0."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database, self._offset, self._box = database, LogOffset(database, offsets, READER), box

    async def position(self) -> EventId | None:
        return await self._offset.position()

    async def take(self, events: Sequence[Event], *, after: EventId | None, upto: EventId) -> int | None:
        notices = [notice for event in events if (notice := read_event(event)) is not None]
        async with self._database.begin() as connection:
            if not await self._offset.move(connection, after, upto):
                return None
            made = await self._store(connection, notices)
            for event in events:
                if event.type == EventType.USER_DELETED:
                    await delete_tenant(connection, event.tenant)
            return made

    async def _store(self, connection: AsyncConnection, notices: Sequence[Notice]) -> int:
        if not notices:
            return 0
        await store_job_webhooks(connection, notices, self._box)
        subscribers = await subscribers_of(connection, {SYSTEM_TENANT, *(notice.tenant for notice in notices)})
        own = await webhooks_of(connection, {notice.job_id for notice in notices if notice.job_id})
        new = []
        for notice in notices:
            targets = targets_of(notice, subscribers.get(notice.tenant, ()))
            if notice.tenant != SYSTEM_TENANT:
                targets += operators_targets_of(notice, subscribers.get(SYSTEM_TENANT, ()))
            webhook = own.get((notice.tenant, notice.job_id)) if notice.job_id else None
            if webhook is not None and (name := name_for(notice.names, webhook.events)) is not None:
                targets.append(Target(webhook.endpoint_id, name, webhook.active, webhook.url))
            if targets:
                new.append(message_of(notice, targets))
        return await enqueue(connection, new)
